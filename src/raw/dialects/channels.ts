// The channels dialect: subscriptions by name, and what happens on them.
import { ERRORS, type Failure } from "../../contract/errors.ts";
import { type Codec, type Dialect, failureOf, isObject, readFrame, unknownType } from "../codec.ts";

const codec: Codec = {
  decode(frame) {
    const read = readFrame(frame);
    if (read instanceof Error) return read;
    const { type, channel } = read;
    if (type === "subscribe" || type === "unsubscribe") return { event: type, payload: { channel } };
    if (type === "heartbeat") return { event: "heartbeat" };
    return unknownType(["subscribe", "unsubscribe", "heartbeat"]);
  },

  encode(event, [payload], now) {
    if (!isObject(payload)) return null;
    const { message, userId, channel, data, timestamp = now } = payload;
    switch (event) {
      case "connected":
        return JSON.stringify({ type: "connected", message, userId });
      case "run-results":
      case "notifications":
        return JSON.stringify({ type: event, channel, data, timestamp });
      case "error":
        return JSON.stringify({ type: "error", message });
      default:
        return null;
    }
  },

  answer(event, answer, now) {
    if (!answer.ok) return refuse(failureOf(answer));
    switch (event) {
      case "subscribe":
        return JSON.stringify({ type: "subscribed", channel: answer["channel"] });
      case "unsubscribe":
        return JSON.stringify({ type: "unsubscribed", channel: answer["channel"] });
      case "heartbeat":
        return JSON.stringify({ type: "heartbeat", timestamp: answer["timestamp"] ?? now });
      default:
        return null;
    }
  },

  refuse,
};

/** Documented clients know one message for everything malformed. */
function refuse({ code, message }: Failure): string {
  return JSON.stringify({
    type: "error",
    message: code === "INVALID_MESSAGE" ? ERRORS.INVALID_MESSAGE.message : message,
  });
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
