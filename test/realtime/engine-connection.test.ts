// Connections of Socket.IO's own transports as ClientConnection.
import { type EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket as NetSocket } from "node:net";
import { Server, type Socket } from "socket.io";
import { io as connect } from "socket.io-client";
import { connectionOf } from "../../src/realtime/engine-connection.ts";
import { describeClientConnection, type OpenConnection } from "../connection/client-connection.suite.ts";

/** The client's transport, as far as a test reaches into it. */
interface ClientTransport {
  readonly ws: { readonly _socket: NetSocket };
  _poll(): void;
}

async function open(transport: "websocket" | "polling"): Promise<OpenConnection> {
  const http = createServer();
  const sockets = new Set<NetSocket>();
  http.on("connection", (socket) => sockets.add(socket));
  const io = new Server(http, { transports: [transport], pingInterval: 30_000 });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const client = connect(url, { transports: [transport], forceNew: true, reconnection: false });
  const [socket] = (await once(io as unknown as EventEmitter, "connection")) as [Socket];
  const clientTransport = client.io.engine.transport as unknown as ClientTransport;
  const { _poll } = Object.getPrototypeOf(Object.getPrototypeOf(clientTransport)) as ClientTransport;
  const isWebSocket = transport === "websocket";
  return {
    connection: connectionOf(socket.conn),
    send: (bytes) => void socket.emit("news", "x".repeat(bytes)),
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
  describeClientConnection(transport, { transportName: transport, leavesCleanly: false }, () => open(transport));
}
