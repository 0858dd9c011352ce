// The messenger dialect: `{"type","to"?,"from"?,"content"}` both ways.
import type { Failure } from "../../contract/errors.ts";
import { type Codec, type Dialect, failureOf, isObject, readFrame, unknownType } from "../codec.ts";

/** The documented `ping` goes both ways: an answer to every one would make two output answer each other for ever. */
const PING_AT_MOST_EVERY_MS = 10_000;

const codec: Codec = {
  decode(frame) {
    const read = readFrame(frame);
    if (read instanceof Error) return read;
    const { type, content } = read;
    const to = read["to"] === "" || read["to"] === null ? undefined : read["to"];
    if (type === "chat") return { event: "chat", payload: { to, content } };
    if (type === "typing") return { event: "typing", payload: { to, content: content ?? undefined } };
    if (type === "ping") return { event: "heartbeat" };
    return unknownType(["chat", "typing", "ping"]);
  },

  encode(event, [payload]) {
    if (!isObject(payload)) return null;
    const { from, to, content, text } = payload;
    switch (event) {
      case "notifications": {
        const { title, message } = isObject(payload["data"]) ? payload["data"] : {};
        return JSON.stringify({ type: "notification", content: { title, message } });
      }
      case "user_message":
        return JSON.stringify({ type: "chat", to, from, content: content ?? text });
      case "chat":
        return JSON.stringify({ type: "chat", from, content });
      case "typing":
        // Rooms are not documented here: only what is meant for this user.
        return to === undefined ? null : JSON.stringify({ type: "typing", to, from, content: content ?? "" });
      case "order_status": {
        const { from: _from, timestamp: _timestamp, ...order } = payload;
        return JSON.stringify({ type: "order_status", content: order });
      }
      case "push":
        return JSON.stringify({ type: payload["type"], to, content });
      case "error":
        return JSON.stringify({ type: "error", content: { code: payload["code"], message: payload["message"] } });
      default:
        return null;
    }
  },

  answer(event, answer) {
    if (!answer.ok) return refuse(failureOf(answer));
    return event === "heartbeat" ? JSON.stringify({ type: "ping", content: null }) : null;
  },

  refuse,
};

function refuse({ code, message }: Failure): string {
  return JSON.stringify({ type: "error", content: { code, message } });
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
  answersAtMostEvery: { heartbeat: PING_AT_MOST_EVERY_MS },
};
