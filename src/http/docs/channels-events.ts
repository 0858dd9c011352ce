// The events of `/channels`.
import { z } from "zod";
import {
  acknowledge,
  type ChannelsClientEvents,
  type ChannelsServerEvents,
  presence,
  room,
  subscribe,
  unsubscribe,
} from "../../contract/channels.ts";
import { refreshToken } from "../../contract/identity.ts";
import { json } from "../../contract/json.ts";
import {
  chat,
  dataUpdate,
  messageBody,
  notification,
  orderStatus,
  roomMessage,
  runResult,
  systemMessage,
  typing,
  userMessage,
} from "../../contract/messaging.ts";
import type { ClientEventTable, DocumentedNamespace, ServerEventTable } from "./event.ts";
import { closeNotice, errorFrame, nothing } from "./shared-schemas.ts";

const timestamp = z.number();
const said = { from: z.string(), username: z.string().exactOptional(), timestamp };

const server: ServerEventTable<ChannelsServerEvents> = {
  connected: {
    summary: "The first event",
    payload: z.object({
      message: z.literal("WebSocket connection established"),
      userId: z.string(),
      epoch: z.string(),
    }),
  },
  "run-results": {
    summary: "A run has ended",
    payload: z.object({ channel: z.string(), data: runResult, timestamp }),
    durable: true,
  },
  notifications: {
    summary: "A notification to this user, or to everyone",
    payload: z.object({ channel: z.string(), data: notification, timestamp }),
    durable: true,
  },
  system: {
    summary: "The platform says something to everyone",
    payload: z.object({ ...systemMessage.shape, code: z.int(), timestamp }),
  },
  data_update: {
    summary: "Something that a page shows has changed",
    payload: z.object({ ...dataUpdate.shape, timestamp }),
  },
  user_message: {
    summary: "Somebody wrote to this user",
    payload: z.object({ to: z.string(), ...messageBody.shape, ...said }),
    durable: true,
  },
  room_message: {
    summary: "Somebody wrote to a room; also to the one who wrote",
    payload: z.object({ room: z.string(), ...messageBody.shape, ...said }),
    durable: true,
  },
  chat: { summary: "Somebody wrote to everyone", payload: z.object({ content: json, ...said }) },
  order_status: { summary: "An order has changed", payload: orderStatus },
  typing: {
    summary: "Somebody is typing",
    payload: z.object({
      to: z.string().exactOptional(),
      room: z.string().exactOptional(),
      content: json.exactOptional(),
      ...said,
    }),
  },
  presence: {
    summary: "Somebody of a shared room came (first connection) or went (5 s after the last one)",
    payload: z.object({
      room: z.string().exactOptional(),
      user: z.string(),
      online: z.boolean(),
      from: z.string(),
      timestamp,
    }),
  },
  push: {
    summary: "A frame of a type of the backend's own",
    payload: z.object({ type: z.string(), to: z.string().exactOptional(), content: json }),
  },
  close: { summary: "Comes before the server disconnects", payload: closeNotice },
  error: {
    summary: "What went wrong; with channel: that subscription has ended",
    payload: errorFrame.extend({ channel: z.string().exactOptional() }),
  },
};

const joined = z.object({ room: z.string(), members: z.int() });

const client: ClientEventTable<ChannelsClientEvents> = {
  subscribe: {
    summary: "Subscribes to a channel; what was missed follows in order, before what is new",
    payload: subscribe,
    ack: z.object({ channel: z.string(), offset: z.int(), recovered: z.boolean(), replayed: z.int() }),
  },
  unsubscribe: { summary: "Ends a subscription", payload: unsubscribe, ack: z.object({ channel: z.string() }) },
  ack: { summary: "All up to the offset were handled, and are not replayed again", payload: acknowledge, ack: nothing },
  heartbeat: { summary: "Asks for a sign of life", ack: z.object({ timestamp }) },
  join_room: { summary: "Joins a room, with this connection", payload: room, ack: joined },
  leave_room: { summary: "Leaves a room", payload: room, ack: joined },
  room_message: {
    summary: "Writes to a room that this connection has joined",
    payload: roomMessage,
    ack: z.object({ id: z.string(), offset: z.int() }),
  },
  user_message: {
    summary: "Writes to a user",
    payload: userMessage,
    ack: z.object({ id: z.string(), delivered: z.boolean() }),
  },
  chat: { summary: "Writes to a user, or once a second to everyone", payload: chat, ack: z.object({ id: z.string() }) },
  typing: { summary: "Says that the user is typing; never kept", payload: typing, ack: nothing },
  presence: { summary: "Asks who is online", payload: presence, ack: z.object({ online: z.array(z.string()) }) },
  refresh_token: { summary: "Goes on with a new token of the same user", payload: refreshToken, ack: nothing },
};

/** The namespace with all its events. */
export const channelsNamespace: DocumentedNamespace = {
  name: "/channels",
  description:
    "Subscriptions to durable channels, rooms, messages and presence. Timestamps are epoch milliseconds, in error and " +
    "close RFC 3339. Channels: notifications/<user>, messages/<user>, run-results/<session>, rooms/<name>.",
  server,
  client,
};
