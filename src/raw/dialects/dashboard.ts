// The dashboard dialect: `{"type",…}` for the connection's own matters, `{"event","data"}` for what happened.
import type { Failure } from "../../contract/errors.ts";
import { rfc3339 } from "../../contract/time.ts";
import { type Codec, type Dialect, failureOf, isObject, readFrame, unknownType } from "../codec.ts";

const codec: Codec = {
  decode(frame) {
    const read = readFrame(frame);
    if (read instanceof Error) return read;
    if (read["type"] === "ping") return { event: "ping" };
    if (read["type"] === "auth") return { event: "refresh_token", payload: { token: read["token"] } };
    return unknownType(["ping", "auth"]);
  },

  encode(event, [payload], now) {
    if (!isObject(payload)) return null;
    const data = payload;
    const timestamp = data["timestamp"] ?? rfc3339(new Date(now));
    switch (event) {
      case "connected":
        return JSON.stringify({ type: "connection", message: data["message"], timestamp });
      case "progress_updated":
      case "quiz_completed":
        return JSON.stringify({ event, data });
      case "close":
        return JSON.stringify({ type: "close", reason: data["reason"], timestamp });
      case "error":
        return JSON.stringify({ type: "error", code: data["code"], message: data["message"], timestamp });
      default:
        return null;
    }
  },

  answer(event, answer, now) {
    if (!answer.ok) return refuse(failureOf(answer), now);
    if (event !== "ping") return null;
    return JSON.stringify({ type: "pong", timestamp: answer["timestamp"] ?? rfc3339(new Date(now)) });
  },

  refuse,
};

function refuse({ code, message }: Failure, now: number): string {
  return JSON.stringify({ type: "error", code, message, timestamp: rfc3339(new Date(now)) });
}

/** `/api/v1/ws/dashboard?token=` */
export const dashboard: Dialect = {
  path: "/api/v1/ws/dashboard",
  namespace: "/dashboard",
  traits: {
    speaks: "dashboard",
    limit: "dashboard",
    displaced: "wait",
    subscribes: [],
    acknowledges: "pong",
    queryUser: "never",
    resumes: true,
  },
  codec,
  refusal: "frame",
  lingers: true,
  authFrame: true,
};
