// The `/study-time` namespace and its calls: heartbeats that count seconds of study.
import { z } from "zod";
import { calls } from "./calls.ts";
import { close, errorBody, errorExample, errorFrame, refresh } from "./frames.ts";
import { courseId, userId } from "./ids.ts";
import { type ClientEvents, exchange, namespace, ownEvent, type ServerEvents } from "./rows.ts";

/**
 * A heartbeat. The time is the client's clock: an ISO 8601 time or epoch milliseconds, never counted by. Whatever it is, it
 * costs no study time, so that nothing is refused here.
 */
export const heartbeat = z.object(
  { timestamp: z.custom<string | number | null>().optional() },
  "must be a heartbeat, {timestamp}",
);
/** @see heartbeat */
export type Heartbeat = z.input<typeof heartbeat>;

/** The answer to a heartbeat. `studyTime` is whole seconds over all connections; with an error it is unchanged. */
export const heartbeatResponse = z.object({
  ok: z.boolean(),
  type: z.literal("heartbeat_response"),
  status: z.enum(["success", "error"]),
  studyTime: z.int(),
  error: errorBody.exactOptional(),
});
/** @see heartbeatResponse */
export type HeartbeatResponse = z.infer<typeof heartbeatResponse>;

/** Studied time of one user in one course, in whole seconds. */
export const studied = z.object({ userId: z.string(), courseId: z.string(), studyTime: z.int() });
/** @see studied */
export type Studied = z.infer<typeof studied>;

/** The namespace with all its events. */
export const studyTime = namespace({
  name: "/study-time",
  description:
    "Counts the seconds that a user studies a course. One connection per user and course, the newest wins. Handshake: " +
    "auth.token and auth.courseId, or the query userId and courseId.",
  server: {
    connected: ownEvent(
      z.object({ ...studied.shape, epoch: z.string() }),
      "The first event, with the time studied so far",
      { userId: "123", courseId: "go-basics", studyTime: 1830, epoch: "7f3a9c52d1e84b06" },
    ),
    close,
    error: ownEvent(errorFrame.extend({ studyTime: z.int().exactOptional() }), "What went wrong", errorExample),
  },
  client: {
    // Nothing at all is a heartbeat, too.
    heartbeat: exchange(
      heartbeat.optional(),
      heartbeatResponse,
      "Studied up to now. Answered after the commit; the client's clock is never counted by",
      {
        payload: { timestamp: "2025-12-26T06:05:30.000Z" },
        answer: { ok: true, type: "heartbeat_response", status: "success", studyTime: 1860 },
      },
    ),
    refresh_token: refresh,
  },
});

/** Events that a study-time client hears. */
export type StudyTimeServerEvents = ServerEvents<typeof studyTime>;

/** Events that a study-time client may send. */
export type StudyTimeClientEvents = ClientEvents<typeof studyTime>;

/** The calls about studied time. */
export const studyTimeCalls = calls({
  listStudyTime: {
    method: "get",
    path: "/api/v1/study-time/:userId",
    tag: "Learning",
    summary: "Studied time of a user in every course",
    access: "self",
    params: z.object({ userId }),
    answer: { status: 200, description: "By course; whole seconds", schema: z.array(studied) },
    example: {
      params: { userId: "123" },
      answer: [{ userId: "123", courseId: "go-basics", studyTime: 1860 }],
    },
  },
  getStudyTime: {
    method: "get",
    path: "/api/v1/study-time/:userId/:courseId",
    tag: "Learning",
    summary: "Studied time of a user in one course",
    access: "self",
    params: z.object({ userId, courseId }),
    answer: { status: 200, description: "Whole seconds; 0 for a course that was never studied", schema: studied },
    example: {
      params: { userId: "123", courseId: "go-basics" },
      answer: { userId: "123", courseId: "go-basics", studyTime: 1860 },
    },
  },
});
