// The `/study-time` namespace: heartbeats that count seconds of study.
import { z } from "zod";
import type { AckCallback } from "./acks.ts";
import type { CloseNotice } from "./dashboard.ts";
import type { ErrorBody } from "./errors.ts";
import { epochMs, iso8601 } from "./time.ts";

/** A heartbeat. The time is the client's clock: checked, never counted by. */
export const heartbeat = z.object(
  { timestamp: z.union([iso8601, epochMs], "neither an ISO 8601 time nor epoch milliseconds").optional() },
  "not a heartbeat",
);
/** @see heartbeat */
export type Heartbeat = z.input<typeof heartbeat>;

/** The answer to a heartbeat. `studyTime` is whole seconds over all connections; with an error it is unchanged. */
export interface HeartbeatResponse {
  ok: boolean;
  type: "heartbeat_response";
  status: "success" | "error";
  studyTime: number;
  error?: ErrorBody;
}

/** Studied time of one user in one course, in whole seconds. */
export const studied = z.object({ userId: z.string(), courseId: z.string(), studyTime: z.int() });
/** @see studied */
export type Studied = z.infer<typeof studied>;

/** Events that a study-time client hears. */
export interface StudyTimeServerEvents {
  connected: (payload: Studied & { epoch: string }) => void;
  close: (payload: CloseNotice) => void;
  error: (payload: ErrorBody & { timestamp: string }) => void;
}

/** Events that a study-time client may send. */
export interface StudyTimeClientEvents {
  heartbeat: (payload: Heartbeat, ack: (answer: HeartbeatResponse) => void) => void;
  refresh_token: (payload: { token: string }, ack: AckCallback) => void;
}
