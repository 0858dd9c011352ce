// Slow consumers on Socket.IO's own transports: cut off at the limit, while the others notice nothing.
import { type EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket as NetSocket } from "node:net";
import { Server, type Socket } from "socket.io";
import { type Socket as ClientSocket, io as connect } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createUnsentBudget } from "../../src/connection/unsent-budget.ts";
import { guardBackPressure } from "../../src/realtime/back-pressure.ts";
import { connectionOf } from "../../src/realtime/engine-connection.ts";
import { eventually } from "../support/eventually.ts";

const MEGABYTE = 1_048_576;
let io: Server;
let url: string;
let clients: ClientSocket[];
let budget = createUnsentBudget(64 * MEGABYTE);

beforeEach(async () => {
  clients = [];
  budget = createUnsentBudget(64 * MEGABYTE);
  const http = createServer();
  io = new Server(http, { transports: ["websocket", "polling"] });
  io.engine.on("connection", (connection) => guardBackPressure(connection, { maxBufferedBytes: MEGABYTE, budget }));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const client of clients) client.disconnect();
  await io.close();
});

async function join(transport: "websocket" | "polling"): Promise<{ client: ClientSocket; socket: Socket }> {
  const client = connect(url, { transports: [transport], forceNew: true, reconnection: false });
  clients.push(client);
  const [socket] = await once(io as unknown as EventEmitter, "connection");
  return { client, socket: socket as Socket };
}

/** Makes a WebSocket client stop reading. Polling ones have stopped when they do not ask again. */
function stall(client: ClientSocket): NetSocket {
  const { transport } = client.io.engine as unknown as { transport: { ws: { _socket: NetSocket } } };
  return transport.ws._socket.pause();
}

describe("a client that does not read", () => {
  it("is cut off above the limit, on websocket, and no one else notices", async () => {
    const slow = await join("websocket");
    const good = await join("websocket");
    let heard = 0;
    good.client.on("news", () => heard++);
    stall(slow.client);
    const gone = once(slow.socket, "disconnect");
    let sent = 0;
    let highest = 0;
    while (slow.socket.connected) {
      io.emit("news", `${sent++}`.padEnd(10_000));
      highest = Math.max(highest, connectionOf(slow.socket.conn).bufferedBytes);
      await new Promise(setImmediate);
    }
    const [reason] = await gone;
    expect(reason).toMatch(/^transport (close|error)$/);
    expect(highest).toBeGreaterThan(MEGABYTE / 2);
    expect(highest).toBeLessThan(1.2 * MEGABYTE);
    await eventually(() => heard === sent);
    expect(good.socket.connected).toBe(true);
  });

  it("is cut off above the limit, on polling", async () => {
    const { client, socket } = await join("polling");
    const { transport } = client.io.engine as unknown as { transport: { _poll: () => void } };
    transport._poll = () => undefined; // never asks again
    const gone = once(socket, "disconnect");
    while (socket.connected) {
      socket.emit("news", "x".repeat(10_000));
      await new Promise(setImmediate);
    }
    expect(await gone).toEqual(["forced close", undefined]);
  });

  it("goes sooner when the node holds more than it should", async () => {
    const { client, socket } = await join("websocket");
    stall(client);
    budget.add(65 * MEGABYTE);
    let highest = 0;
    while (socket.connected) {
      io.emit("news", "x".repeat(10_000));
      highest = Math.max(highest, connectionOf(socket.conn).bufferedBytes);
      await new Promise(setImmediate);
    }
    expect(highest).toBeLessThan(200_000);
  });

  it("leaves the node's books as they were", async () => {
    const books = createUnsentBudget(0);
    budget = books;
    const { client, socket } = await join("websocket");
    const wire = stall(client);
    while (!books.exceeded) {
      socket.emit("news", "x".repeat(10_000));
      await new Promise(setImmediate);
    }
    wire.destroy();
    await eventually(() => !books.exceeded);
  });
});

describe("a client that reads", () => {
  it("is not cut off by what one tick emits", async () => {
    const { client, socket } = await join("websocket");
    let heard = 0;
    client.on("news", () => heard++);
    for (let i = 0; i < 200; i++) socket.emit("news", "x".repeat(10_000));
    await eventually(() => heard === 200);
    expect(socket.connected).toBe(true);
    await connectionOf(socket.conn).drained();
    expect(budget.exceeded).toBe(false);
  });

  it("gets what one tick emits in two TCP writes: the first packet, and all others", async () => {
    const { client, socket } = await join("websocket");
    let heard = 0;
    client.on("news", () => heard++);
    const wire = (socket.conn.transport as unknown as { socket: { _socket: NetSocket } }).socket._socket;
    let writes = 0;
    const { _write, _writev } = wire;
    wire._write = (...parameters) => {
      writes++;
      _write.apply(wire, parameters);
    };
    if (_writev === undefined) throw new Error("net.Socket writes vectors");
    wire._writev = (...parameters) => {
      writes++;
      _writev.apply(wire, parameters);
    };
    for (let i = 0; i < 50; i++) socket.emit("news", i);
    await eventually(() => heard === 50);
    expect(writes).toBe(2);
  });
});
