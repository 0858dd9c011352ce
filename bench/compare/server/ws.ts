// The bare ws server of the comparison: no tokens, no rooms but a Map, JSON and a heartbeat. Prints its address.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { onBroadcast } from "./http-in.ts";

const rooms = new Map<string, Set<WebSocket>>();
const http = createServer(
  onBroadcast((room, event, payload) => {
    const data = Buffer.from(JSON.stringify({ type: event, ...(payload as object) }));
    for (const ws of room === undefined ? server.clients : (rooms.get(room) ?? [])) ws.send(data, { binary: false });
  }),
);
const server = new WebSocketServer({ server: http });
server.on("connection", (ws, request) => {
  const room = new URL(request.url ?? "/", "http://localhost").searchParams.get("room") ?? "all";
  const members = rooms.get(room) ?? new Set();
  rooms.set(room, members.add(ws));
  ws.on("close", () => members.delete(ws));
  ws.on("message", (data) => {
    const { type } = JSON.parse(String(data));
    if (type === "ping") ws.send(JSON.stringify({ type: "pong", content: null, timestamp: Date.now() }));
  });
});
http.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () =>
  console.log(`http://127.0.0.1:${(http.address() as AddressInfo).port}`),
);
