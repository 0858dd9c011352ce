// The gateway dialect: `{"type","content","timestamp"}` both ways, the timestamp in epoch seconds.
import type { channels as rows } from "../../contract/channels.ts";
import { Failure } from "../../contract/errors.ts";
import { createCodec, type Dialect, isObject, type JsonObject } from "../codec.ts";

const codec = createCodec<typeof rows>({
  frames: {
    ping: () => ({ event: "heartbeat" }),
    join_room: ({ content }) => roomChange("join_room", content),
    leave_room: ({ content }) => roomChange("leave_room", content),
    room_message({ content }) {
      if (!isObject(content)) return new Failure("INVALID_MESSAGE", "content must be an object {room, text}");
      const { room, text } = content;
      return { event: "room_message", payload: { room, text } };
    },
    user_message({ content }) {
      if (!isObject(content)) return new Failure("INVALID_MESSAGE", "content must be an object {to, text}");
      const { to, text } = content;
      return { event: "user_message", payload: { to, text } };
    },
  },
  events: {
    system: ({ message, level, code = 0, timestamp }, now) => frame("system", { message, level, code }, timestamp, now),
    notifications({ data, timestamp }, now) {
      const { title, message, icon = "", link = "" } = isObject(data) ? data : {};
      return frame("notification", { title, body: message, icon, link }, timestamp, now);
    },
    data_update: ({ entity, action, id, data, timestamp }, now) =>
      frame("data_update", { entity, action, id, data }, timestamp, now),
    user_message: ({ from, to, text, content, timestamp }, now) =>
      frame("user_message", { from, to, text: textOf(text, content) }, timestamp, now),
    room_message: ({ room, from, username = from, text, content, timestamp }, now, { id }) =>
      frame("room_message", { id, room, from, username, text: textOf(text, content) }, timestamp, now),
    error: ({ code, message }, now) => frame("error", { code, message }, now, now),
  },
  answers: {
    heartbeat: ({ timestamp }, now) => frame("pong", null, timestamp, now),
  },
  error: ({ code, message }, now) => frame("error", { code, message }, now, now),
});

/** A frame. `time` is when it happened, in epoch milliseconds; `now` where the event does not say. */
function frame(type: string, content: JsonObject | null, time: unknown, now: number): JsonObject {
  return { type, content, timestamp: Math.floor((typeof time === "number" ? time : now) / 1000) };
}

function roomChange(event: "join_room" | "leave_room", room: unknown) {
  if (typeof room !== "string") return new Failure("INVALID_MESSAGE", "content must be the name of a room");
  return { event, payload: { room } };
}

/** What was said as a text: other clients may have sent content of the platform's own making. */
function textOf(text: unknown, content: unknown): unknown {
  if (text !== undefined) return text;
  return typeof content === "string" ? content : JSON.stringify(content ?? "");
}

/** `/ws?token=` */
export const gateway: Dialect = {
  path: "/ws",
  namespace: "/channels",
  traits: {
    speaks: "gateway",
    limit: "gateway",
    displaced: "leave",
    subscribes: ["notifications", "messages"],
    acknowledges: "pong",
    queryUser: "never",
    resumes: true,
  },
  codec,
  refusal: ({ code, message }, token) => {
    if (code === "RATE_LIMIT" || code === "SERVER_ERROR") return JSON.stringify({ error: message });
    return JSON.stringify({ error: code === "AUTH_FAILED" && token === undefined ? "未提供令牌" : "令牌无效" });
  },
};
