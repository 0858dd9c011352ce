// The `/dashboard` namespace and its calls: a learner's progress and quizzes, in both directions.
import { z } from "zod";
import { calls } from "./calls.ts";
import { close, done, error, refresh } from "./frames.ts";
import { catalogueId, isWholeNumberId, userId, wholeNumber } from "./ids.ts";
import {
  type ClientEvents,
  durable,
  namespace,
  nothing,
  notice,
  ownEvent,
  request,
  type ServerEvents,
} from "./rows.ts";
import { acknowledge } from "./subscribing.ts";

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
export const dashboardConnected = z.object({
  message: z.literal("连接成功"),
  userId: z.string(),
  timestamp: z.string(),
  epoch: z.string(),
  offset: z.int().exactOptional(),
  recovered: z.boolean().exactOptional(),
});
/** @see dashboardConnected */
export type DashboardConnected = z.infer<typeof dashboardConnected>;

const timestamp = "2025-12-26T14:05:30+08:00";
const chapter = {
  user_id: 123,
  topic_id: "lexical-elements",
  topic_display_name: "词法元素",
  chapter_id: "identifiers",
  chapter_display_name: "标识符",
};
/** A progress event in its usual form. */
export const progressExample: ProgressUpdated = { ...chapter, completed: true, timestamp };
/** A quiz event in its usual form. */
export const quizExample: QuizCompleted = {
  ...chapter,
  quiz_id: 17,
  score: 8,
  total_questions: 10,
  passed: true,
  timestamp,
};
/** A snapshot in its usual form. */
export const snapshotExample: Snapshot = {
  stats: { completedChapters: 1, totalChapters: 4 },
  topics: [
    { topic_id: "lexical-elements", topic_display_name: "词法元素", completedChapters: 1, totalChapters: 2 },
    { topic_id: "constants", topic_display_name: "常量", completedChapters: 0, totalChapters: 2 },
  ],
  recent_quizzes: [quizExample],
  offset: 42,
};

/** The namespace with all its events. */
export const dashboard = namespace({
  name: "/dashboard",
  description: "What a learner's dashboard shows, live. The newest connection of a user wins. Timestamps are RFC 3339.",
  server: {
    connected: ownEvent(dashboardConnected, "The first event. offset and recovered only where auth.since was given", {
      message: "连接成功",
      userId: "123",
      timestamp,
      epoch: "7f3a9c52d1e84b06",
      offset: 42,
      recovered: true,
    }),
    progress_updated: durable("dashboard", progressUpdated, "A chapter was completed or reopened", progressExample),
    quiz_completed: durable("dashboard", quizCompleted, "A quiz was scored", quizExample),
    close,
    error,
  },
  client: {
    ping: request(nothing, z.object({ timestamp: z.string() }), "Asks for a sign of life", { answer: { timestamp } }),
    snapshot: request(nothing, snapshot, "Asks for everything that a dashboard shows, true at an offset", {
      answer: snapshotExample,
    }),
    ack: notice(acknowledge, done, "All up to the offset were handled", {
      payload: { channel: "dashboard/123", offset: 42 },
      answer: {},
    }),
    refresh_token: refresh,
  },
});

/** Events that a dashboard client hears. */
export type DashboardServerEvents = ServerEvents<typeof dashboard>;

/** Events that a dashboard client may send. */
export type DashboardClientEvents = ClientEvents<typeof dashboard>;

/** A chapter of a user, as a backend reports on it. */
const aboutChapter = { user_id: wholeNumber, topic_id: catalogueId, chapter_id: catalogueId };

/** `POST /api/v1/progress` */
export const progressBody = z.object({ ...aboutChapter, completed: z.boolean() });

/** `POST /api/v1/quizzes` */
export const quizBody = z
  .object({
    ...aboutChapter,
    score: z.int().min(0).max(1_000_000),
    total_questions: z.int().min(1).max(1_000_000),
  })
  .refine((quiz) => quiz.score <= quiz.total_questions, {
    message: "must be at most total_questions",
    path: ["score"],
  });

const about = { user_id: 123, topic_id: "lexical-elements", chapter_id: "identifiers" };

/** The calls about progress, quizzes and dashboards. */
export const dashboardCalls = calls({
  updateProgress: {
    method: "post",
    path: "/api/v1/progress",
    tag: "Learning",
    summary: "Saves that a chapter was completed or reopened, then tells the user's dashboard, if it is a change",
    access: "self",
    body: progressBody,
    answer: { status: 200, description: "Committed: the data of progress_updated", schema: progressUpdated },
    fails: ["NOT_FOUND"],
    example: { body: { ...about, completed: true }, answer: progressExample },
  },
  addQuiz: {
    method: "post",
    path: "/api/v1/quizzes",
    tag: "Learning",
    summary: "Saves the result of a quiz, then tells the user's dashboard",
    access: "backend",
    body: quizBody,
    answer: { status: 201, description: "Committed: the data of quiz_completed", schema: quizCompleted },
    fails: ["NOT_FOUND"],
    example: { body: { ...about, score: 8, total_questions: 10 }, answer: quizExample },
  },
  getDashboard: {
    method: "get",
    path: "/api/v1/dashboard/:userId",
    tag: "Learning",
    summary: "Everything that a dashboard shows, true at an offset of its channel",
    access: "self",
    params: z.object({ userId: userId.refine(isWholeNumberId, "must be a whole number") }),
    answer: { status: 200, description: "The snapshot", schema: snapshot },
    example: { params: { userId: "123" }, answer: snapshotExample },
  },
});
