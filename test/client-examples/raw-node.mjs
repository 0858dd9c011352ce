// Runs the raw examples under Node's own WebSocket and tells, line by line as JSON, what they hear.
// Usage: node --experimental-websocket raw-node.mjs <ws URL> <token> <user id>
import { ChannelsClient } from "../../client-examples/raw/channels.js";
import { connectDashboard } from "../../client-examples/raw/dashboard.js";
import { GatewayClient } from "../../client-examples/raw/gateway.js";
import { createMessengerStore } from "../../client-examples/raw/messenger.js";

const [url = "", token = "", userId = ""] = process.argv.slice(2);
const tell = (from, what) => process.stdout.write(`${JSON.stringify({ from, what })}\n`);

const dashboard = connectDashboard({
  url,
  token,
  onProgress: ({ chapter_id }) => tell("dashboard", chapter_id),
  onQuiz: ({ score }) => tell("dashboard", score),
  onClose: ({ code }) => tell("dashboard", `closed ${code}`),
});
dashboard.addEventListener("open", () => tell("dashboard", "open"));

const channels = new ChannelsClient({ url, token, firstWaitMs: 50, longestWaitMs: 500 });
channels.subscribe(`notifications/${userId}`, ({ title }) => tell("channels", title));
channels.connect();

const gateway = new GatewayClient({ url, token });
gateway.on("notification", ({ title }) => tell("gateway", title));
gateway.on("room_message", ({ text }) => tell("gateway", text));
await gateway.connect();
gateway.joinRoom("examples");

const store = createMessengerStore({ url, userId, token, waitMs: 50 });
store.chat("said while offline", userId);
store.subscribe(({ notifications, messages, queue }) => {
  tell("messenger", { notifications: notifications.map(({ title }) => title), messages, queue: queue.length });
});

process.on("SIGTERM", () => {
  dashboard.close(1000);
  channels.close();
  gateway.close();
  store.close();
});
