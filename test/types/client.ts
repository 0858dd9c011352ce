// Type tests of classwire/client and classwire/protocol: what must not compile. `npm run typecheck` is the test; nothing here is run.
import { createClient } from "classwire/client";
import type { ChannelsClientEvents, ChannelsServerEvents, DashboardServerEvents } from "classwire/protocol";
import type { Socket } from "socket.io-client";

const client = createClient({ url: "http://localhost", token: "t" });

client.dashboard().on("quiz_completed", ({ score }, { offset }) => score + offset);
// @ts-expect-error a score is a number
client.dashboard().on("quiz_completed", ({ score }) => score.toUpperCase());
// @ts-expect-error there is no such event
client.dashboard().on("quiz_done", () => undefined);
// @ts-expect-error nothing of a message is called body
client.channels().on("notifications", ({ data }) => data.body);
// @ts-expect-error system is not durable: it has no meta
client.channels().on("system", (_payload, meta) => meta);
// @ts-expect-error a message says something
void client.channels().sendToRoom("class-7", "hello");
// @ts-expect-error study time has no progress
client.studyTime("go").on("progress_updated", () => undefined);

declare const channels: Socket<ChannelsServerEvents, ChannelsClientEvents>;
declare const dashboard: Socket<DashboardServerEvents>;

void channels.emitWithAck("subscribe", { channel: "rooms/a", since: 1 });
// @ts-expect-error since is a number
void channels.emitWithAck("subscribe", { channel: "rooms/a", since: "1" });
// @ts-expect-error there is no such event to send
channels.emit("shout", { text: "hello" });
// @ts-expect-error completed is a boolean
dashboard.on("progress_updated", ({ completed }) => completed.length);
