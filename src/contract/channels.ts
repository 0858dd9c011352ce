// The `/channels` namespace: subscriptions, rooms, messages and presence, in both directions.
import { z } from "zod";
import { close, done, errorExample, errorFrame, refresh } from "./frames.ts";
import { roomName, userId } from "./ids.ts";
import { json } from "./json.ts";
import {
  chat,
  dataUpdate,
  nothingSaid,
  notification,
  orderStatus,
  roomMessage,
  runResult,
  said,
  saysSomething,
  systemMessage,
  typing,
  userMessage,
  words,
} from "./messaging.ts";
import {
  type ClientEvents,
  durable,
  enveloped,
  event,
  namespace,
  nothing,
  notice,
  ownEvent,
  request,
  type ServerEvents,
} from "./rows.ts";
import { acknowledge, joined, onlineUsers, presence, room, subscribe, subscribed, unsubscribe } from "./subscribing.ts";

const timestamp = 1_766_729_130_000;
const author = { from: "456", username: "Mei", timestamp };

/** Who came to a room and who went since the last of these. Both lists are empty where there are too many to be named. */
export const presenceChange = z.object({
  room: z.string(),
  joined: z.array(z.string()),
  left: z.array(z.string()),
  members: z.int(),
  timestamp: z.number(),
});
/** @see presenceChange */
export type PresenceEvent = z.infer<typeof presenceChange>;

const server = {
  connected: ownEvent(
    z.object({ message: z.literal("WebSocket connection established"), userId: z.string(), epoch: z.string() }),
    "The first event",
    { message: "WebSocket connection established", userId: "123", epoch: "7f3a9c52d1e84b06" },
  ),
  "run-results": enveloped("run-results", runResult, "A run has ended", {
    channel: "run-results/run-1",
    data: { stdout: "Hello\n", stderr: "", exitCode: 0, duration: 41 },
    timestamp,
  }),
  notifications: enveloped("notifications", notification, "A notification to this user, or to everyone", {
    channel: "notifications/123",
    data: { title: "Access", message: "A parent asks for access", action: "approve_request", requestId: "r-1" },
    timestamp,
  }),
  system: event(
    z.object({ ...systemMessage.shape, code: z.int().default(0), timestamp: z.number() }),
    "The platform says something to everyone",
    { message: "Maintenance at 22:00", level: "info", code: 0, timestamp },
  ),
  data_update: event(
    z.object({ ...dataUpdate.shape, timestamp: z.number() }),
    "Something that a page shows has changed",
    { entity: "course", action: "update", id: "go-basics", data: { title: "Go basics" }, timestamp },
  ),
  user_message: durable(
    "messages",
    z.object({ to: userId, ...words, ...said }).refine(saysSomething, nothingSaid),
    "Somebody wrote to this user",
    { to: "123", text: "Shall we practise?", ...author },
  ),
  room_message: durable(
    "rooms",
    z.object({ room: roomName, ...words, ...said }).refine(saysSomething, nothingSaid),
    "Somebody wrote to a room; also to the one who wrote",
    { room: "class-7", text: "Who has finished?", ...author },
  ),
  chat: event(z.object({ content: words.content.unwrap(), ...said }), "Somebody wrote to everyone", {
    content: "Hello",
    ...author,
  }),
  order_status: event(orderStatus, "An order has changed", { order_id: "o-9", status: "shipped", tracking_no: "SF1" }),
  typing: event(
    z.object({
      to: userId.exactOptional(),
      room: roomName.exactOptional(),
      content: json.exactOptional(),
      ...said,
    }),
    "Somebody is typing",
    { room: "class-7", ...author },
  ),
  presence: ownEvent(
    presenceChange,
    "Who came to a joined room (first connection) and who went (5 s after the last one), at most four times a second. Of rooms " +
      "above PRESENCE_LIST_MAX only members is told: the lists are empty",
    { room: "class-7", joined: ["456"], left: ["789"], members: 24, timestamp },
  ),
  push: event(
    z.object({ type: z.string().min(1).max(64), to: userId.exactOptional(), content: json }),
    "A frame of a type of the backend's own; raw messenger clients print it as it is",
    { type: "exam_moved", to: "123", content: { room: "B12" } },
  ),
  close,
  error: ownEvent(
    errorFrame.extend({ channel: z.string().exactOptional() }),
    "What went wrong; with channel: that subscription has ended",
    { ...errorExample, code: "FORBIDDEN", message: "channel run-results/run-1 is not yours" },
  ),
};

/** In the answer to a message whose id has been used before: it is the first one that stands. */
const repeated = { repeated: z.literal(true).exactOptional() };

/** The namespace with all its events. */
export const channels = namespace({
  name: "/channels",
  description:
    "Subscriptions to durable channels, rooms, messages and presence. Timestamps are epoch milliseconds, in error and " +
    "close RFC 3339. Channels: notifications/<user>, messages/<user>, run-results/<session>, rooms/<name>.",
  server,
  client: {
    subscribe: request(
      subscribe,
      subscribed,
      "Subscribes to a channel; what was missed follows in order, before what is new",
      {
        payload: { channel: "notifications/123", since: 41, epoch: "7f3a9c52d1e84b06" },
        answer: { channel: "notifications/123", offset: 44, recovered: true, replayed: 3 },
      },
    ),
    unsubscribe: request(unsubscribe, z.object({ channel: z.string() }), "Ends a subscription", {
      payload: { channel: "notifications/123" },
      answer: { channel: "notifications/123" },
    }),
    ack: notice(acknowledge, done, "All up to the offset were handled, and are not replayed again", {
      payload: { channel: "notifications/123", offset: 44 },
      answer: {},
    }),
    heartbeat: request(nothing, z.object({ timestamp: z.number() }), "Asks for a sign of life", {
      answer: { timestamp },
    }),
    join_room: request(room, joined, "Joins a room, with this connection", {
      payload: { room: "class-7" },
      answer: { room: "class-7", members: 24 },
    }),
    leave_room: request(room, joined, "Leaves a room", {
      payload: { room: "class-7" },
      answer: { room: "class-7", members: 23 },
    }),
    room_message: request(
      roomMessage,
      z.object({ id: z.string(), offset: z.int(), ...repeated }),
      "Writes to a room that this connection has joined",
      {
        payload: { room: "class-7", text: "Who has finished?", id: "4f1c-1" },
        answer: { id: "01JFZK", offset: 8 },
      },
    ),
    user_message: request(
      userMessage,
      z.object({ id: z.string(), delivered: z.boolean(), ...repeated }),
      "Writes to a user",
      {
        payload: { to: "123", text: "Shall we practise?", id: "4f1c-2" },
        answer: { id: "01JFZM", delivered: true },
      },
    ),
    chat: request(chat, z.object({ id: z.string(), ...repeated }), "Writes to a user, or once a second to everyone", {
      payload: { content: "Hello" },
      answer: { id: "01JFZN" },
    }),
    typing: notice(typing, done, "Says that the user is typing; never kept", {
      payload: { room: "class-7" },
      answer: {},
    }),
    presence: request(
      presence,
      onlineUsers,
      "Asks who is online: in a joined room, with how many there are (no names above PRESENCE_LIST_MAX), or of a list of users",
      { payload: { room: "class-7" }, answer: { online: ["123", "456"], members: 2 } },
    ),
    refresh_token: refresh,
  },
});

/** Events that a channels client hears. Timestamps are epoch milliseconds. */
export type ChannelsServerEvents = ServerEvents<typeof channels>;

/** Events that a channels client may send. */
export type ChannelsClientEvents = ClientEvents<typeof channels>;
