// The bare Socket.IO server of the comparison: no tokens, rooms and a heartbeat with an ack. With an argument, the Redis adapter.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";
import { onBroadcast } from "./http-in.ts";

const [redisUrl] = process.argv.slice(2);
const http = createServer();
const io = new Server(http, { serveClient: false, transports: ["websocket"] });
http.on("request", (request, response) => {
  if (request.url?.startsWith("/socket.io/") === true) return;
  onBroadcast((room, event, payload) => void (room === undefined ? io : io.to(room)).emit(event, payload))(
    request,
    response,
  );
});
if (redisUrl !== undefined) {
  const publisher = await createClient({ url: redisUrl }).connect();
  io.adapter(createAdapter(publisher, await publisher.duplicate().connect()));
}
io.on("connection", (socket) => {
  const { room } = socket.handshake.query;
  if (typeof room === "string") void socket.join(room);
  socket.on("heartbeat", (ack: (answer: unknown) => void) => ack({ ok: true, timestamp: Date.now() }));
});
http.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () =>
  console.log(`http://127.0.0.1:${(http.address() as AddressInfo).port}`),
);
