// The messenger dialect: `{"type","to"?,"from"?,"content"}` both ways.
import type { channels as rows } from "../../contract/channels.ts";
import { createCodec, type Dialect, isObject } from "../codec.ts";

/** The documented `ping` goes both ways: an answer to every one would make two sides answer each other for ever. */
const PING_ANSWER_INTERVAL_MS = 10_000;

const codec = createCodec<typeof rows>({
  frames: {
    chat: ({ to, content }) => ({ event: "chat", payload: { to: recipient(to), content } }),
    typing: ({ to, content }) => ({
      event: "typing",
      payload: { to: recipient(to), content: content ?? undefined },
    }),
    ping: () => ({ event: "heartbeat" }),
  },
  events: {
    notifications({ data }) {
      const { title, message } = isObject(data) ? data : {};
      return { type: "notification", content: { title, message } };
    },
    user_message: ({ to, from, content, text }) => ({ type: "chat", to, from, content: content ?? text }),
    chat: ({ from, content }) => ({ type: "chat", from, content }),
    // Rooms are not documented here: only what is meant for this user.
    typing: ({ to, from, content }) => (to === undefined ? null : { type: "typing", to, from, content: content ?? "" }),
    order_status: ({ from: _from, timestamp: _timestamp, ...order }) => ({ type: "order_status", content: order }),
    push: ({ type, to, content }) => ({ type, to, content }),
    error: ({ code, message }) => ({ type: "error", content: { code, message } }),
  },
  answers: {
    heartbeat: () => ({ type: "ping", content: null }),
  },
  error: ({ code, message }) => ({ type: "error", content: { code, message } }),
});

/** An empty `to` is no `to`. */
function recipient(to: unknown): unknown {
  return to === "" || to === null ? undefined : to;
}

/** `/api/ws/connect?user_id=[&token=]` */
export const messenger: Dialect = {
  path: "/api/ws/connect",
  namespace: "/channels",
  traits: {
    speaks: "messenger",
    limit: "gateway",
    displaced: "leave",
    subscribes: ["notifications", "messages"],
    acknowledges: "pong",
    queryUser: "user-or-guest",
    resumes: true,
  },
  codec,
  refusal: ({ message }) => JSON.stringify({ error: message }),
  answerIntervalMs: { heartbeat: PING_ANSWER_INTERVAL_MS },
};
