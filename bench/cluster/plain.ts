// The peer of the figures: the least Socket.IO server that does the same work, with the same adapter and nothing around it.
// Usage: tsx plain.ts <redis url>; prints its URL
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const publisher = createClient({ url: process.argv[2] ?? "" });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);
const http = createServer();
const io = new Server(http, {
  // A key of its own: what its peer says over the same Redis is not its business.
  adapter: createAdapter(publisher, subscriber, { key: "plain" }),
  transports: ["websocket"],
  serveClient: false,
});
io.of("/channels").on("connection", (socket) => {
  const from = String(socket.handshake.auth["user"]);
  void socket.join(`user:${from}`);
  socket.on("join_room", async ({ room }, ack) => {
    await socket.join(`rooms/${room}`);
    ack({ ok: true });
  });
  socket.on("typing", ({ to, room, content }, ack) => {
    const target = to === undefined ? `rooms/${room}` : `user:${to}`;
    socket.to(target).volatile.emit("typing", { to, room, content, from, timestamp: Date.now() });
    ack?.({ ok: true });
  });
  socket.emit("connected", {});
});
http.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(http.address() as AddressInfo).port}`));
