// Payloads that must not compile: server emits, handlers of actions, and sockets of clients. `npm run typecheck` holds them.

import type { Socket as ClientSocket } from "socket.io-client";
import { io } from "socket.io-client";
import { channelOf } from "../../src/contract/channel-names.ts";
import { dashboard } from "../../src/contract/dashboard.ts";
import type {
  ChannelsClientEvents,
  ChannelsServerEvents,
  DashboardClientEvents,
  DashboardServerEvents,
  StudyTimeServerEvents,
} from "../../src/contract/index.ts";
import { studyTime } from "../../src/contract/study-time.ts";
import type { EventLog } from "../../src/event-log/event-log.ts";
import { actions } from "../../src/realtime/actions.ts";
import { emitError } from "../../src/realtime/errors.ts";
import type {
  AnySocket,
  ChannelsNamespace,
  ChannelsSocket,
  DashboardNamespace,
  DashboardSocket,
  StudyTimeSocket,
} from "../../src/realtime/types.ts";

const timestamp = "2025-12-26T14:05:30+08:00";
const meta = { channel: "dashboard/1", offset: 1, id: "a" };

/** What the server says on `/dashboard`. */
export function dashboardEmits(socket: DashboardSocket, namespace: DashboardNamespace): void {
  socket.emit("connected", { message: "连接成功", userId: "1", timestamp, epoch: "e" });
  // @ts-expect-error the epoch is missing
  socket.emit("connected", { message: "连接成功", userId: "1", timestamp });
  // @ts-expect-error the message is another
  socket.emit("connected", { message: "connected", userId: "1", timestamp, epoch: "e" });
  // @ts-expect-error user ids are text
  socket.emit("connected", { message: "连接成功", userId: 1, timestamp, epoch: "e" });
  // @ts-expect-error an event of another namespace
  socket.emit("system", { message: "hello", level: "info", code: 0, timestamp: 1 });
  // @ts-expect-error a durable event says where it stands
  namespace.to("user:1").emit("progress_updated", dashboard.server.progress_updated.example);
  namespace.to("user:1").emit("progress_updated", dashboard.server.progress_updated.example, meta);
  // @ts-expect-error the payload of another event
  namespace.to("user:1").emit("quiz_completed", dashboard.server.progress_updated.example, meta);
}

/** What the server says on `/channels`. */
export function channelsEmits(socket: ChannelsSocket, namespace: ChannelsNamespace): void {
  namespace.emit("system", { message: "hello", level: "info", code: 0, timestamp: 1 });
  // @ts-expect-error a level that there is not
  namespace.emit("system", { message: "hello", level: "loud", code: 0, timestamp: 1 });
  // @ts-expect-error the code is missing, which clients are always told
  namespace.emit("system", { message: "hello", level: "info", timestamp: 1 });
  // @ts-expect-error timestamps are epoch milliseconds
  namespace.to("rooms/a").emit("presence", { room: "a", joined: ["1"], left: [], members: 1, timestamp });
  // @ts-expect-error somebody is typing somewhere, and has a name
  socket.to("rooms/a").volatile.emit("typing", { room: "a", timestamp: 1 });
  // @ts-expect-error an event that there is not
  socket.emit("notification", {});
  // @ts-expect-error the reason is missing
  socket.emit("close", { timestamp });
}

/** What the server says on `/study-time`, and in every namespace. */
export function sharedEmits(socket: StudyTimeSocket, any: AnySocket): void {
  // @ts-expect-error seconds are a number
  socket.emit("connected", { userId: "1", courseId: "go", studyTime: "12", epoch: "e" });
  // @ts-expect-error not every namespace has it
  any.emit("connected", { userId: "1", courseId: "go", studyTime: 12, epoch: "e" });
  // @ts-expect-error a code that is not in the table of errors
  emitError(any, { code: "OOPS", message: "oops" });
}

/** What the server does for events of clients. */
export function handlers(): void {
  const fine = { ping: () => ({ timestamp }), snapshot: () => dashboard.client.snapshot.answerExample };
  const ack = () => ({});
  actions<typeof dashboard, undefined>(dashboard, { ...fine, ack, refresh_token: ack });
  // @ts-expect-error a handler is missing
  actions<typeof dashboard, undefined>(dashboard, { ...fine, ack });
  // @ts-expect-error one too many
  actions<typeof dashboard, undefined>(dashboard, { ...fine, ack, refresh_token: ack, subscribe: ack });
  // @ts-expect-error a wrong answer
  actions<typeof dashboard, undefined>(dashboard, { ...fine, ack, refresh_token: ack, ping: () => ({ timestamp: 1 }) });
  actions<typeof dashboard, undefined>(dashboard, {
    ...fine,
    refresh_token: ack,
    // @ts-expect-error the payload has another field
    ack: ({ since }) => ({ since }),
  });
  actions<typeof studyTime, undefined>(studyTime, {
    refresh_token: ack,
    // @ts-expect-error says nothing of how it fails
    heartbeat: { act: () => ({ type: "heartbeat_response", status: "success", studyTime: 1 }) },
  });
}

/** Events on their way into the log. */
export function appends(log: EventLog): void {
  const said = { room: "a", text: "hello", from: "1", timestamp: 1 };
  log.append({ channel: channelOf.room("a"), event: "room_message", data: said });
  // @ts-expect-error a channel of another kind
  log.append({ channel: channelOf.messages("a"), event: "room_message", data: said });
  // @ts-expect-error the data of another event
  log.append({ channel: channelOf.notifications("1"), event: "notifications", data: said });
  // @ts-expect-error an event that is not kept
  log.append({ channel: channelOf.room("a"), event: "chat", data: { content: "hello", from: "1", timestamp: 1 } });
  // @ts-expect-error the author is missing
  log.append({ channel: channelOf.room("a"), event: "room_message", data: { room: "a", text: "hi", timestamp: 1 } });
}

/** Clients of socket.io-client with the types of classwire/protocol. */
export function clients(): void {
  const socket: ClientSocket<ChannelsServerEvents, ChannelsClientEvents> = io("/channels");
  socket.on("notifications", ({ data }, { offset }) => console.log(data.title.length, offset + 1));
  // @ts-expect-error a notification has a message, no body
  socket.on("notifications", ({ data }) => console.log(data.body));
  // @ts-expect-error an event that there is not
  socket.on("notification", () => undefined);
  // @ts-expect-error the channel is text
  socket.emit("subscribe", { channel: 1 }, () => undefined);
  // @ts-expect-error documented clients ask for the answer
  socket.emit("subscribe", { channel: "rooms/a" });
  socket.emit("join_room", { room: "a" }, (answer) => {
    // @ts-expect-error only a good answer has members
    console.log(answer.members);
    if (answer.ok) console.log(answer.members + 1);
  });
  const board: ClientSocket<DashboardServerEvents, DashboardClientEvents> = io("/dashboard");
  // @ts-expect-error scores are numbers
  board.on("quiz_completed", ({ score }) => console.log(score.length));
  // @ts-expect-error an event of another namespace
  board.emit("heartbeat", () => undefined);
  const study: ClientSocket<StudyTimeServerEvents> = io("/study-time");
  // @ts-expect-error seconds are a number
  study.on("connected", ({ studyTime: seconds }) => console.log(seconds.length));
}
