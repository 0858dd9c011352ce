// socket.io-client alone, connected whatever happens: by itself it does not come back from a refusal, nor when the server ends it.
// Usage: TOKEN=… node reconnect.mjs [url]
import { io } from "socket.io-client";

const url = process.argv[2] ?? "http://127.0.0.1:8080";
const token = process.env.TOKEN;

/** Connects the socket again where socket.io-client gives up, and where another try can succeed. */
function keepConnected(socket) {
  let refusals = 0;
  let isReplaced = false;
  // No sooner than the server says, and not in the same moment as all others.
  const again = (seconds) => setTimeout(() => socket.connect(), 1000 * seconds * (1 + Math.random() / 2));

  socket.on("connected", () => {
    refusals = 0;
    isReplaced = false;
  });
  socket.on("connect_error", ({ message, data }) => {
    console.error(data?.code ?? "no connection", message);
    if (socket.active) return; // no network or no server: socket.io-client tries again by itself
    if (data?.code !== "RATE_LIMIT" && data?.code !== "SERVER_ERROR") return; // wants another token, not another try
    again(data.retryAfter ?? Math.min(60, 2 ** refusals++));
  });
  socket.on("close", ({ reason }) => {
    isReplaced = reason === "replaced"; // by a newer connection of the user: coming back would throw that one out
  });
  socket.on("disconnect", (reason) => {
    if (reason === "io server disconnect" && !isReplaced) again(1);
  });
}

const socket = io(`${url}/channels`, { auth: { token }, transports: ["websocket"] });
keepConnected(socket);
socket.on("connected", ({ userId }) => console.log(`connected as ${userId}`));

process.on("SIGTERM", () => process.exit());
process.on("SIGINT", () => process.exit());
