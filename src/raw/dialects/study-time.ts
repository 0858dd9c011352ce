// The study-time dialect: heartbeats, and one kind of answer. Documented clients read `studyTime` off every frame that comes.
import type { studyTime as rows } from "../../contract/study-time.ts";
import { type ClientMessage, createCodec, type Dialect, isObject } from "../codec.ts";

const codec = createCodec<typeof rows>({
  frames: {},
  events: {
    error: ({ code, message, studyTime = 0 }) => response("error", studyTime, { code, message }),
  },
  answers: {
    heartbeat: ({ studyTime = 0 }) => response("success", studyTime),
  },
  error: ({ code, message }, _now, { studyTime = 0 } = {}) => response("error", studyTime, { code, message }),
});

function response(status: "success" | "error", studyTime: unknown, error: { code?: unknown; message?: unknown } = {}) {
  return { type: "heartbeat_response", status, studyTime, ...error };
}

/**
 * Whatever is no heartbeat becomes one that the namespace refuses, so that the answer carries the seconds studied so far. A
 * timestamp that cannot be one is `null`: the heartbeat counts all the same.
 */
function decode(frame: unknown): ClientMessage {
  if (!isObject(frame) || frame["type"] !== "heartbeat") return { event: "heartbeat", payload: null };
  const { timestamp } = frame;
  if (timestamp === undefined) return { event: "heartbeat", payload: {} };
  const isReadable = typeof timestamp === "string" || typeof timestamp === "number";
  return { event: "heartbeat", payload: { timestamp: isReadable ? timestamp : null } };
}

/** `/api/study-time?userId=&courseId=[&token=]` */
export const studyTime: Dialect = {
  path: "/api/study-time",
  namespace: "/study-time",
  traits: {
    speaks: "study-time",
    limit: "study-time",
    displaced: "leave",
    subscribes: [],
    acknowledges: "pong",
    queryUser: "user",
    resumes: false,
  },
  codec: { ...codec, decode },
  refusal: "frame",
};
