// The least that a Node client of /channels needs, with socket.io-client alone.
// Usage: TOKEN=… node minimal.mjs [url]
import { io } from "socket.io-client";

const url = process.argv[2] ?? "http://127.0.0.1:8080";
const token = process.env.TOKEN;
const socket = io(`${url}/channels`, { auth: { token }, transports: ["websocket"] });

socket.on("connected", async ({ userId }) => {
  console.log(`connected as ${userId}`);
  // What came while nobody listened follows the answer, in order; nothing is lost in between.
  const answer = await socket.emitWithAck("subscribe", { channel: `notifications/${userId}` });
  console.log("subscribed:", JSON.stringify(answer));
});

socket.on("notifications", ({ data }, { channel, offset }) => {
  console.log(`${channel} #${offset}: ${data.title}: ${data.message}`);
  socket.emit("ack", { channel, offset }); // handled: it does not come again
});

socket.on("connect_error", ({ message, data }) => {
  console.error(data?.code ?? "no connection", message);
  if (!socket.active) process.exitCode = 1; // refused: socket.io-client does not try again
});

process.on("SIGTERM", () => socket.disconnect());
process.on("SIGINT", () => socket.disconnect());
