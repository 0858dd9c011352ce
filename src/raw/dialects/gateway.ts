// The gateway dialect: `{"type","content","timestamp"}` both ways, the timestamp in epoch seconds.
import { Failure } from "../../contract/errors.ts";
import { type Codec, type Dialect, failureOf, isObject, readFrame, unknownType } from "../codec.ts";

const codec: Codec = {
  decode(frame) {
    const read = readFrame(frame);
    if (read instanceof Error) return read;
    const { type, content } = read;
    switch (type) {
      case "ping":
        return { event: "heartbeat" };
      case "join_room":
      case "leave_room":
        if (typeof content !== "string") return new Failure("INVALID_MESSAGE", "content: the name of a room");
        return { event: type, payload: { room: content } };
      case "room_message":
        if (!isObject(content)) return new Failure("INVALID_MESSAGE", "content: an object {room, text}");
        return { event: type, payload: { room: content["room"], text: content["text"] } };
      case "user_message":
        if (!isObject(content)) return new Failure("INVALID_MESSAGE", "content: an object {to, text}");
        return { event: type, payload: { to: content["to"], text: content["text"] } };
      default:
        return unknownType(["ping", "join_room", "leave_room", "room_message", "user_message"]);
    }
  },

  encode(event, [payload, meta], now) {
    if (!isObject(payload)) return null;
    const content = contentOf(event, payload, isObject(meta) ? meta["id"] : undefined);
    if (content === null) return null;
    return print(event === "notifications" ? "notification" : event, content, timeOf(payload["timestamp"], now));
  },

  answer(event, answer, now) {
    if (!answer.ok) return refuse(failureOf(answer), now);
    return event === "heartbeat" ? print("pong", null, timeOf(answer["timestamp"], now)) : null;
  },

  refuse,
};

function contentOf(event: string, payload: Record<string, unknown>, id: unknown): Record<string, unknown> | null {
  switch (event) {
    case "system": {
      const { message, level, code = 0 } = payload;
      return { message, level, code };
    }
    case "notifications": {
      const { title, message, icon = "", link = "" } = isObject(payload["data"]) ? payload["data"] : {};
      return { title, body: message, icon, link };
    }
    case "data_update": {
      const { entity, action, id: changed, data } = payload;
      return { entity, action, id: changed, data };
    }
    case "user_message": {
      const { from, to } = payload;
      return { from, to, text: textOf(payload) };
    }
    case "room_message": {
      const { room, from, username = from } = payload;
      return { id, room, from, username, text: textOf(payload) };
    }
    case "error": {
      const { code, message } = payload;
      return { code, message };
    }
    default:
      return null;
  }
}

/** What was said as a text: other clients may have sent content of the platform's own making. */
function textOf({ text, content }: Record<string, unknown>): unknown {
  if (text !== undefined) return text;
  return typeof content === "string" ? content : JSON.stringify(content ?? "");
}

/** Epoch milliseconds of whatever happened; now, where it does not say. */
function timeOf(timestamp: unknown, now: number): number {
  return typeof timestamp === "number" ? timestamp : now;
}

function refuse({ code, message }: Failure, now: number): string {
  return print("error", { code, message }, now);
}

function print(type: string, content: unknown, time: number): string {
  return JSON.stringify({ type, content, timestamp: Math.floor(time / 1000) });
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
