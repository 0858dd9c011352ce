// The study-time dialect: heartbeats, and one kind of answer. Documented clients read `studyTime` off every frame that comes.
import type { Failure } from "../../contract/errors.ts";
import { type Codec, type Dialect, failureOf, isObject } from "../codec.ts";

const codec: Codec = {
  /** Whatever is no heartbeat becomes one that the namespace refuses, so that the answer carries the seconds studied so far. */
  decode(frame) {
    if (!isObject(frame) || frame["type"] !== "heartbeat") return { event: "heartbeat", payload: null };
    const { timestamp } = frame;
    if (timestamp === undefined) return { event: "heartbeat", payload: {} };
    const plain = typeof timestamp === "string" || typeof timestamp === "number";
    return { event: "heartbeat", payload: { timestamp: plain ? timestamp : null } };
  },

  encode(event, [payload]) {
    if (event !== "error" || !isObject(payload)) return null;
    const { studyTime = 0, code, message } = payload;
    return JSON.stringify({ type: "heartbeat_response", status: "error", studyTime, code, message });
  },

  answer(event, answer) {
    if (event !== "heartbeat") return null;
    const { studyTime = 0 } = answer;
    if (!answer.ok) return refuse(failureOf(answer), studyTime);
    return JSON.stringify({ type: "heartbeat_response", status: "success", studyTime });
  },

  refuse: (failure) => refuse(failure, 0),
};

function refuse({ code, message }: Failure, studyTime: unknown): string {
  return JSON.stringify({ type: "heartbeat_response", status: "error", studyTime, code, message });
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
  codec,
  refusal: "frame",
};
