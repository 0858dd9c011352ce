// The page of the browser test: connects with all four examples and writes down in `window.heard` what they hear.
import { ChannelsClient } from "./raw/channels.js";
import { connectDashboard } from "./raw/dashboard.js";
import { GatewayClient } from "./raw/gateway.js";
import { createMessengerStore } from "./raw/messenger.js";

const { url, token, userId } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
window.heard = [];
const tell = (...entry) => window.heard.push(entry);

const dashboard = connectDashboard({ url, token, onQuiz: ({ score }) => tell("dashboard", score) });
dashboard.addEventListener("open", () => tell("dashboard", "open"));

const channels = new ChannelsClient({ url, token });
channels.subscribe(`notifications/${userId}`, ({ title }) => tell("channels", title));
channels.connect();
tell("channels", "open");

const gateway = new GatewayClient({ url, token });
gateway.on("open", () => tell("gateway", "open")).on("notification", ({ title }) => tell("gateway", title));
gateway.connect();

const store = createMessengerStore({ url, userId, token });
let wasOnline = false;
store.subscribe(({ online, notifications }) => {
  if (online && !wasOnline) tell("messenger", "open");
  wasOnline = online;
  if (notifications.length > 0) tell("messenger", notifications.at(-1).title);
});
