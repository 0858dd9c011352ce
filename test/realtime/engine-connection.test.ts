// Connections of Socket.IO's own transports as ClientConnection.
import { type EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket as NetSocket } from "node:net";
import { Server, type Socket } from "socket.io";
import { io as connect } from "socket.io-client";
import { expect, it } from "vitest";
import type { WebSocket } from "ws";
import { connectionOf, type EngineSocket } from "../../src/realtime/engine-connection.ts";
import { guardInbound } from "../../src/realtime/inbound.ts";
import { describeClientConnection, type OpenConnection } from "../connection/client-connection.suite.ts";

/** The client's transport, as far as a test reaches into it. */
interface ClientTransport {
  readonly ws: WebSocket & { readonly _socket: NetSocket };
  _poll(): void;
}

/** A connection, and further ways in which it ends. */
interface Opened extends OpenConnection {
  closeFrame(code: number | undefined): void;
  disconnect(): void;
  /** Resolves when the client has seen it end. */
  readonly closed: Promise<unknown>;
}

type TransportName = "websocket" | "polling";

async function open(transport: TransportName, transports: TransportName[] = [transport]): Promise<Opened> {
  const http = createServer();
  const sockets = new Set<NetSocket>();
  http.on("connection", (socket) => sockets.add(socket));
  const io = new Server(http, { transports, pingInterval: 30_000 });
  const limit = {
    name: "messages",
    what: "messages",
    points: 50,
    seconds: 1,
    whose: "connection",
    burst: 100,
  } as const;
  io.engine.on("connection", (engine: EngineSocket) => guardInbound(engine, limit));
  let heard = 0;
  io.on("connection", (socket) => void socket.onAny(() => heard++));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const client = connect(url, { transports, forceNew: true, reconnection: false });
  const [socket] = (await once(io as unknown as EventEmitter, "connection")) as [Socket];
  const connection = connectionOf(socket.conn);
  if (socket.conn.transport.name !== transport) await once(socket.conn, "upgrade");
  const clientTransport = client.io.engine.transport as unknown as ClientTransport;
  const { _poll } = Object.getPrototypeOf(Object.getPrototypeOf(clientTransport)) as ClientTransport;
  const isWebSocket = transport === "websocket";
  return {
    connection,
    closeFrame: (code) => clientTransport.ws.close(code),
    disconnect: () => socket.conn.close(),
    closed: once(client as unknown as EventEmitter, "disconnect"),
    send: (bytes) => void socket.emit("news", "x".repeat(bytes)),
    say: () => void client.emit("hello"),
    heard: () => heard,
    pause() {
      if (isWebSocket) clientTransport.ws._socket.pause();
      else clientTransport._poll = () => undefined; // never asks again
    },
    resume() {
      if (isWebSocket) clientTransport.ws._socket.resume();
      else {
        clientTransport._poll = _poll;
        clientTransport._poll();
      }
    },
    cut() {
      if (isWebSocket) for (const wire of sockets) wire.destroy();
      else socket.conn.close(true); // a client that polls is given up after a time
    },
    leave: () => void client.close(),
    ended: once(socket as unknown as EventEmitter, "disconnect"),
    async close() {
      client.close();
      for (const wire of sockets) wire.destroy(); // one that does not read would answer no close frame
      await io.close();
    },
  };
}

for (const transport of ["websocket", "polling"] as const) {
  describeClientConnection(transport, { transportName: transport, leavesCleanly: transport === "websocket" }, () =>
    open(transport),
  );
}

it.each([
  [1000, true],
  [1001, true],
  [undefined, true],
  [4000, true],
  [1002, false],
  [1011, false],
])("a WebSocket that the client closes with %s has ended cleanly: %s", async (code, cleanly) => {
  const one = await open("websocket");
  one.closeFrame(code);
  await one.ended;
  expect(one.connection.endedCleanly).toBe(cleanly);
  await one.close();
});

it("a WebSocket that the server closes has not ended cleanly, although the client answers with a close frame", async () => {
  const one = await open("websocket");
  one.disconnect();
  await one.ended;
  await one.closed;
  expect(one.connection.endedCleanly).toBe(false);
  await one.close();
});

it("one that has polled before is watched from its upgrade on", async () => {
  const one = await open("websocket", ["polling", "websocket"]);
  one.closeFrame(1001);
  await one.ended;
  expect(one.connection.endedCleanly).toBe(true);
  await one.close();
});
