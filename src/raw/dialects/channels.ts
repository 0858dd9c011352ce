// The channels dialect: subscriptions by name, and what happens on them.
import type { channels as rows } from "../../contract/channels.ts";
import { ERRORS } from "../../contract/errors.ts";
import { createCodec, type Dialect, type JsonObject } from "../codec.ts";

const codec = createCodec<typeof rows>({
  frames: {
    subscribe: ({ channel }) => ({ event: "subscribe", payload: { channel } }),
    unsubscribe: ({ channel }) => ({ event: "unsubscribe", payload: { channel } }),
    heartbeat: () => ({ event: "heartbeat" }),
  },
  events: {
    connected: ({ message, userId }) => ({ type: "connected", message, userId }),
    "run-results": (payload, now) => inChannel("run-results", now, payload),
    notifications: (payload, now) => inChannel("notifications", now, payload),
    error: ({ message }) => ({ type: "error", message }),
  },
  answers: {
    subscribe: ({ channel }) => ({ type: "subscribed", channel }),
    unsubscribe: ({ channel }) => ({ type: "unsubscribed", channel }),
    heartbeat: ({ timestamp }, now) => ({ type: "heartbeat", timestamp: timestamp ?? now }),
  },
  // Documented clients know one message for everything malformed.
  error: ({ code, message }) => ({
    type: "error",
    message: code === "INVALID_MESSAGE" ? ERRORS.INVALID_MESSAGE.message : message,
  }),
});

function inChannel(type: string, now: number, { channel, data, timestamp = now }: JsonObject): JsonObject {
  return { type, channel, data, timestamp };
}

/** `/?token=` */
export const channels: Dialect = {
  path: "/",
  namespace: "/channels",
  traits: {
    speaks: "channels",
    limit: "channels",
    displaced: "leave",
    subscribes: [],
    acknowledges: "pong",
    queryUser: "never",
    resumes: true,
  },
  codec,
  refusal: "frame",
};
