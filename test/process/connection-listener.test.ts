// The primary's listeners: what they read of a connection, and what is answered where there is no worker.
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, it } from "vitest";
import { type Connection, createDistributor } from "../../src/process/connection-distributor.ts";
import { openConnectionListeners } from "../../src/process/connection-listener.ts";
import { eventually } from "../support/eventually.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function open(sticky: boolean, onConnection: (connection: Connection) => void): Promise<number[]> {
  const { urls, close } = await openConnectionListeners(
    { host: "127.0.0.1", ports: [0, 0], backlog: 16 },
    sticky,
    onConnection,
  );
  ends.push(close);
  return urls.map((url) => Number(new URL(url).port));
}

function client(port: number | undefined): Socket {
  const socket = connect({ port: port ?? 0, host: "127.0.0.1" }).on("error", () => undefined);
  ends.push(() => socket.destroy());
  return socket;
}

it("reads up to the end of the first line, in however many pieces it comes, and then no more", async () => {
  const connections: Connection[] = [];
  const ports = await open(true, (connection) => {
    connections.push(connection);
    ends.push(() => connection.socket.destroy());
  });
  for (const [index, port] of ports.entries()) {
    const socket = client(port);
    socket.setNoDelay(true);
    const line = `POST /socket.io/?EIO=4&transport=polling&sid=Ab-_${index} HTTP/1.1\r\n`;
    for (const piece of [line.slice(0, 7), line.slice(7, 50), line.slice(50)]) {
      await new Promise((sent) => socket.write(piece, sent));
      await new Promise(setImmediate);
    }
    const connection = await eventually(() => connections[index]);
    expect(connection.session).toBe(`Ab-_${index}`);
    expect(Buffer.from(connection.head).toString("latin1")).toBe(line);
    const { bytesRead } = connection.socket;
    // Far more than what both systems hold on the way: if anybody read, it would all be gone.
    const rest = Buffer.alloc(32_000_000);
    const isTaken = new Promise((taken) => socket.write(rest, () => taken("taken")));
    await eventually(() => socket.bytesWritten > line.length && socket.writableLength > 0);
    expect(await Promise.race([isTaken, new Promise((wait) => setTimeout(wait, 200, "waits"))])).toBe("waits");
    expect(connection.socket.bytesRead).toBe(bytesRead);
  }
});

it("has no session to tell where the query names none, or somebody else's line does", async () => {
  const sessions: (string | undefined)[] = [];
  const [port] = await open(true, ({ socket, session }) => {
    sessions.push(session);
    socket.destroy();
  });
  for (const request of ["GET /?side=1 HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nReferer: http://x/?sid=abc\r\n\r\n"])
    client(port).write(request);
  await eventually(() => sessions.length === 2);
  expect(sessions).toEqual([undefined, undefined]);
});

it.each([true, false])("answers 503 while there is no worker, also to who still sends (sticky: %s)", async (sticky) => {
  const distributor = createDistributor();
  const ports = await open(sticky, (connection) => distributor.distribute(connection));
  for (const port of ports) {
    const socket = client(port);
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n${" ".repeat(300_000)}`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 503 .*\r\nRetry-After: 1\r\n\r\n$/s);
  }
});
