// The `/dashboard` namespace: what goes over the wire in both directions.
import { z } from "zod";
import type { AckCallback } from "./acks.ts";
import type { Meta } from "./durable.ts";
import type { ErrorBody } from "./errors.ts";

/** A chapter was completed, or reopened. `timestamp` is RFC 3339. */
export const progressUpdated = z.object({
  user_id: z.int(),
  topic_id: z.string(),
  topic_display_name: z.string(),
  chapter_id: z.string(),
  chapter_display_name: z.string(),
  completed: z.boolean(),
  timestamp: z.string(),
});
/** @see progressUpdated */
export type ProgressUpdated = z.infer<typeof progressUpdated>;

/** A quiz was scored. `passed` is score / total ≥ 60 %. `timestamp` is RFC 3339. */
export const quizCompleted = z.object({
  user_id: z.int(),
  quiz_id: z.int(),
  topic_id: z.string(),
  topic_display_name: z.string(),
  chapter_id: z.string(),
  chapter_display_name: z.string(),
  score: z.int(),
  total_questions: z.int(),
  passed: z.boolean(),
  timestamp: z.string(),
});
/** @see quizCompleted */
export type QuizCompleted = z.infer<typeof quizCompleted>;

/** Totals per topic. */
export const topicProgress = z.object({
  topic_id: z.string(),
  topic_display_name: z.string(),
  completedChapters: z.int(),
  totalChapters: z.int(),
});

/** Everything a dashboard shows, true at `offset` of the user's dashboard channel: newest five quizzes first. */
export const snapshot = z.object({
  stats: z.object({ completedChapters: z.int(), totalChapters: z.int() }),
  topics: z.array(topicProgress),
  recent_quizzes: z.array(quizCompleted),
  offset: z.int(),
});
/** @see snapshot */
export type Snapshot = z.infer<typeof snapshot>;

/** First event of a connection. `offset` and `recovered` only where `since` was given. */
export interface DashboardConnected {
  message: "连接成功";
  userId: string;
  timestamp: string;
  epoch: string;
  offset?: number;
  recovered?: boolean;
}

/** Sent before the server disconnects. `timestamp` is RFC 3339. */
export interface CloseNotice {
  reason: string;
  timestamp: string;
}

/** Events that a dashboard client hears. */
export interface DashboardServerEvents {
  connected: (payload: DashboardConnected) => void;
  progress_updated: (payload: ProgressUpdated, meta: Meta) => void;
  quiz_completed: (payload: QuizCompleted, meta: Meta) => void;
  close: (payload: CloseNotice) => void;
  error: (payload: ErrorBody & { timestamp: string }) => void;
}

/** Events that a dashboard client may send. */
export interface DashboardClientEvents {
  ping: (ack: AckCallback<{ timestamp: string }>) => void;
  snapshot: (ack: AckCallback<Snapshot>) => void;
  refresh_token: (payload: { token: string }, ack: AckCallback) => void;
}
