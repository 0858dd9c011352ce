// Listening: one server on several ports, all of them or none.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort } from "../../scripts/free-ports.mjs";
import { createHttpServer, listen } from "../../src/http/http-server.ts";
import { startChild } from "../support/child.ts";

/** A server that answers with the path, closed when the test ends. */
function newServer() {
  const server = createHttpServer((request, response) => response.end(request.url));
  onTestFinished(() => server.closeAllConnections());
  return server;
}

const BACKLOG = 16;

/** More than Node's own 511, and what this kernel lets wait at all. */
const WAITING = Math.min(700, kernelsMost());

function kernelsMost(): number {
  try {
    return Number(readFileSync("/proc/sys/net/core/somaxconn", "utf8"));
  } catch {
    return 128; // not Linux
  }
}

async function textOf(url: string): Promise<string> {
  return (await fetch(url, { headers: { connection: "close" } })).text();
}

it("every port serves the same, and a port 0 is any free one", async () => {
  const port = await freePort();
  const listeners = await listen(newServer(), "127.0.0.1", [port, 0, 0], BACKLOG);
  onTestFinished(() => listeners.close());
  expect(listeners.urls).toHaveLength(3);
  expect(new Set(listeners.urls).size).toBe(3);
  expect(listeners.urls[0]).toBe(`http://127.0.0.1:${port}`);
  for (const url of listeners.urls) expect(await textOf(`${url}/here`)).toBe("/here");
});

it("closed listeners accept no more connections, on any port", async () => {
  const listeners = await listen(newServer(), "127.0.0.1", [0, 0], BACKLOG);
  listeners.close();
  for (const url of listeners.urls) await expect(fetch(url)).rejects.toThrow();
});

it("where one port is taken none is left open", async () => {
  const [first, taken] = [await freePort(), await freePort()];
  const other: Server = createServer();
  await new Promise<void>((listening) => other.listen(taken, "127.0.0.1", listening));
  onTestFinished(() => void other.close());
  await expect(listen(newServer(), "127.0.0.1", [first, taken], BACKLOG)).rejects.toMatchObject({ code: "EADDRINUSE" });
  await expect(fetch(`http://127.0.0.1:${first}`)).rejects.toThrow();
});

it("URLs name an address that can be called, whatever the server is bound to", async () => {
  for (const [host, name] of [
    ["0.0.0.0", "127.0.0.1"],
    ["127.0.0.1", "127.0.0.1"],
    ["localhost", "localhost"],
  ] as const) {
    const listeners = await listen(newServer(), host, [0], BACKLOG);
    onTestFinished(() => listeners.close());
    expect(new URL(listeners.urls[0] ?? "").hostname).toBe(name);
  }
});

describe.each(["node", "primary"])("a %s that does not come to accept", (how) => {
  it("has as many wait on each port as it was told, where the kernel lets it", async () => {
    const program = fileURLToPath(new URL("./backlog.child.ts", import.meta.url));
    const child = startChild(process.execPath, ["--import", "tsx", program, how]);
    onTestFinished(() => child.kill("SIGKILL"));
    const ports = (await child.line(/^ports/, 30_000)).slice("ports ".length).split(",").map(Number);
    child.kill("SIGSTOP");
    const sockets = ports.flatMap((port) => Array.from({ length: WAITING }, () => connect(port, "127.0.0.1")));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    expect(child.isRunning()).toBe(true);
  });
});
