// The same and more with classwire/client: offsets, acks, reconnects and token renewal are its business.
// Usage: TOKEN=… node client.mjs [url]
import { createClient } from "classwire/client";

const url = process.argv[2] ?? "http://127.0.0.1:8080";
const client = createClient({
  url,
  // In an application: () => fetch("/token").then((response) => response.text()), called again before each end.
  token: process.env.TOKEN ?? "",
});

const channels = client.channels();
channels.on("notifications", ({ data }, { channel, offset }) => {
  console.log(`${channel} #${offset}: ${data.title}: ${data.message}`);
}); // acknowledged once this has returned, or what it returns has resolved
channels.on("user_message", ({ from, text, content }) => console.log(`${from}:`, text ?? content));
channels.on("retrying", ({ error, delayMs }) => console.log(`${error.message}; again in ${delayMs} ms`));
channels.on("unrecovered", ({ channel }) => console.log(`${channel}: something is lost, fetch it anew`));
channels.on("closed", ({ error }) => {
  if (error === undefined) return;
  console.error(error.code, error.message);
  process.exitCode = 1;
});

process.on("SIGTERM", () => client.close());
process.on("SIGINT", () => client.close());

await channels.subscribeNotifications().then(
  ({ channel }) => console.log(`subscribed to ${channel}`),
  () => undefined, // told by `closed`
);
