// The `/channels` namespace: subscriptions, rooms, messages and presence on the wire.
import { z } from "zod";
import type { AckCallback } from "./acks.ts";
import { channelName } from "./channel-names.ts";
import type { CloseNotice } from "./dashboard.ts";
import type { Meta } from "./durable.ts";
import type { ErrorBody } from "./errors.ts";
import { roomName, userId } from "./ids.ts";
import type {
  chat,
  DataUpdate,
  MessageBody,
  Notification,
  RunResult,
  roomMessage,
  Said,
  SystemMessage,
  typing,
  userMessage,
} from "./messaging.ts";

/** `since` asks for everything after that offset of that `epoch`. */
export const subscribe = z.object({
  channel: channelName,
  since: z.int().nonnegative().optional(),
  epoch: z.string().min(1).max(64).optional(),
});
/** Leaves a subscription. */
export const unsubscribe = z.object({ channel: channelName });
/** Everything up to `offset` has been handled. */
export const acknowledge = z.object({ channel: channelName, offset: z.int().nonnegative() });
/** Joins or leaves a room. */
export const room = z.object({ room: roomName });
/** Asks who is online: in a room that one has joined, or of a list of users. */
export const presence = z
  .object({ room: roomName.optional(), users: z.array(userId).max(1000).optional() })
  .refine((value) => (value.room === undefined) !== (value.users === undefined), {
    message: "exactly one of room and users is required",
    path: ["room"],
  });

/** The answer to a subscribe: the head of the channel, and how many kept events follow at once. */
export interface Subscribed {
  channel: string;
  offset: number;
  recovered: boolean;
  replayed: number;
}

/** Who came or went; `room` names the shared room. */
export interface PresenceEvent {
  room?: string;
  user: string;
  online: boolean;
  from: string;
  timestamp: number;
}

/** Events that a channels client hears. Timestamps are epoch milliseconds. */
export interface ChannelsServerEvents {
  connected: (payload: { message: "WebSocket connection established"; userId: string; epoch: string }) => void;
  "run-results": (payload: { channel: string; data: RunResult; timestamp: number }, meta: Meta) => void;
  notifications: (payload: { channel: string; data: Notification; timestamp: number }, meta: Meta) => void;
  system: (payload: Omit<SystemMessage, "code"> & { code: number; timestamp: number }) => void;
  data_update: (payload: DataUpdate & { timestamp: number }) => void;
  user_message: (payload: { to: string } & MessageBody & Said, meta: Meta) => void;
  room_message: (payload: { room: string } & MessageBody & Said, meta: Meta) => void;
  chat: (payload: { content: unknown } & Said) => void;
  order_status: (payload: Record<string, unknown>) => void;
  typing: (payload: { to?: string; room?: string; content?: unknown } & Said) => void;
  presence: (payload: PresenceEvent) => void;
  /** A frame of a type of the backend's own, pushed through the API; raw messenger clients print it as it is. */
  push: (payload: { type: string; to?: string; content: unknown }) => void;
  close: (payload: CloseNotice) => void;
  error: (payload: ErrorBody & { channel?: string; timestamp: string }) => void;
}

/** Events that a channels client may send. */
export interface ChannelsClientEvents {
  subscribe: (payload: z.input<typeof subscribe>, ack: AckCallback<Subscribed>) => void;
  unsubscribe: (payload: z.input<typeof unsubscribe>, ack: AckCallback<{ channel: string }>) => void;
  ack: (payload: z.input<typeof acknowledge>, ack?: AckCallback) => void;
  heartbeat: (ack: AckCallback<{ timestamp: number }>) => void;
  join_room: (payload: z.input<typeof room>, ack: AckCallback<{ room: string; members: number }>) => void;
  leave_room: (payload: z.input<typeof room>, ack: AckCallback<{ room: string; members: number }>) => void;
  room_message: (payload: z.input<typeof roomMessage>, ack: AckCallback<{ id: string; offset: number }>) => void;
  user_message: (payload: z.input<typeof userMessage>, ack: AckCallback<{ id: string; delivered: boolean }>) => void;
  chat: (payload: z.input<typeof chat>, ack: AckCallback<{ id: string }>) => void;
  typing: (payload: z.input<typeof typing>, ack?: AckCallback) => void;
  presence: (payload: z.input<typeof presence>, ack: AckCallback<{ online: string[] }>) => void;
  refresh_token: (payload: { token: string }, ack: AckCallback) => void;
}
