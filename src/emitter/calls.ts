// The durable sends as data: one checked call of the HTTP API each, so that it can go alone or in a batch.
import { z } from "zod";
import { topicsBody } from "../contract/catalogue.ts";
import { progressBody, progressUpdated, quizBody, quizCompleted } from "../contract/dashboard.ts";
import { roomName, sessionId } from "../contract/ids.ts";
import { messageBody, runResult } from "../contract/messaging.ts";
import { disconnectBody } from "../contract/operations.ts";
import { parse } from "../contract/parse.ts";
import { broadcastBody, notificationBody, sendBody } from "../contract/publishing.ts";
import { runSessionBody } from "../contract/runs.ts";

/** One call: where it goes, its checked body, and what its answer looks like. */
export interface ApiCall<Answer> {
  readonly method: "POST" | "PUT";
  readonly path: string;
  readonly body: unknown;
  readonly answer: z.ZodType<Answer>;
}

const offset = z.int().positive();
const stored = z.object({ channel: z.string(), offset });
const notified = z.object({ id: z.string(), channel: z.string(), offset, online: z.boolean() });
const said = z.object({ id: z.string(), offset });
const registered = z.object({ sessionId: z.string() });
const sent = z.object({ delivered: z.boolean() });
const accepted = z.unknown().transform((): undefined => undefined);

/**
 * Calls of the HTTP API, checked when they are made.
 * Each throws a `Failure` (`INVALID_MESSAGE`, with the names of the refused fields) for a body that the schema refuses.
 */
export const calls = {
  /** A notification to one user (`userId`) or to everyone (`everyone: true`). */
  notify: (body: z.input<typeof notificationBody>) =>
    post("/api/v1/notifications", parse(notificationBody, body), notified),
  /** The outcome of a run, to the owner of the session. */
  pushRunResult: (session: string, result: z.input<typeof runResult>) =>
    post(`/api/v1/run-results/${name(sessionId, session)}`, parse(runResult, result), stored),
  /** Says whose a run session is; without `sessionId` one is made. */
  registerRunSession: (body: z.input<typeof runSessionBody>) =>
    post("/api/v1/run-sessions", parse(runSessionBody, body), registered),
  /** Saves a learner's progress and tells their dashboard, if it has changed. */
  updateProgress: (body: z.input<typeof progressBody>) =>
    post("/api/v1/progress", parse(progressBody, body), progressUpdated),
  /** Saves the result of a quiz and tells the learner's dashboard. */
  addQuiz: (body: z.input<typeof quizBody>) => post("/api/v1/quizzes", parse(quizBody, body), quizCompleted),
  /** A message into a room, kept for those who come later. */
  sendToRoom: (room: string, body: z.input<typeof messageBody>) =>
    post(`/api/v1/rooms/${name(roomName, room)}/messages`, parse(messageBody, body), said),
  /** A frame of a type of the backend's own to one user; → whether the user is online. Not stored unless the type is. */
  push: (body: z.input<typeof sendBody>) => post("/api/ws/send", parse(sendBody, body), sent),
  /** The same to everyone. */
  pushToEveryone: (body: z.input<typeof broadcastBody>) =>
    post("/api/ws/broadcast", parse(broadcastBody, body), accepted),
  /** Ends every connection of a user, on every node. */
  disconnectUser: (userId: string) => post("/api/v1/disconnect", parse(disconnectBody, { userId }), accepted),
  /** Replaces the catalogue of topics and chapters. Not for batches, which hold POSTs only. */
  putTopics: (topics: z.input<typeof topicsBody>): ApiCall<undefined> => ({
    method: "PUT",
    path: "/api/v1/topics",
    body: parse(topicsBody, topics),
    answer: accepted,
  }),
} as const;

function post<Answer>(path: string, body: unknown, answer: z.ZodType<Answer>): ApiCall<Answer> {
  return { method: "POST", path, body, answer };
}

/** A checked name as one segment of a path. */
function name(schema: z.ZodType<string>, value: string): string {
  return encodeURIComponent(parse(schema, value));
}
