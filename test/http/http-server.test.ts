// Listening: one server on several ports, all of them or none.
import { createServer, type Server } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { freePort } from "../../scripts/free-ports.mjs";
import { createHttpServer, listen } from "../../src/http/http-server.ts";

/** A server that answers with the path, closed when the test ends. */
function newServer() {
  const server = createHttpServer((request, response) => response.end(request.url));
  onTestFinished(() => server.closeAllConnections());
  return server;
}

async function textOf(url: string): Promise<string> {
  return (await fetch(url, { headers: { connection: "close" } })).text();
}

it("every port serves the same, and a port 0 is any free one", async () => {
  const port = await freePort();
  const listeners = await listen(newServer(), "127.0.0.1", [port, 0, 0]);
  onTestFinished(() => listeners.close());
  expect(listeners.urls).toHaveLength(3);
  expect(new Set(listeners.urls).size).toBe(3);
  expect(listeners.urls[0]).toBe(`http://127.0.0.1:${port}`);
  for (const url of listeners.urls) expect(await textOf(`${url}/here`)).toBe("/here");
});

it("closed listeners accept no more connections, on any port", async () => {
  const listeners = await listen(newServer(), "127.0.0.1", [0, 0]);
  listeners.close();
  for (const url of listeners.urls) await expect(fetch(url)).rejects.toThrow();
});

it("where one port is taken none is left open", async () => {
  const [first, taken] = [await freePort(), await freePort()];
  const other: Server = createServer();
  await new Promise<void>((listening) => other.listen(taken, "127.0.0.1", listening));
  onTestFinished(() => void other.close());
  await expect(listen(newServer(), "127.0.0.1", [first, taken])).rejects.toMatchObject({ code: "EADDRINUSE" });
  await expect(fetch(`http://127.0.0.1:${first}`)).rejects.toThrow();
});

it("URLs name an address that can be called, whatever the server is bound to", async () => {
  for (const [host, name] of [
    ["0.0.0.0", "127.0.0.1"],
    ["127.0.0.1", "127.0.0.1"],
    ["localhost", "localhost"],
  ] as const) {
    const listeners = await listen(newServer(), host, [0]);
    onTestFinished(() => listeners.close());
    expect(new URL(listeners.urls[0] ?? "").hostname).toBe(name);
  }
});
