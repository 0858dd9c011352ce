// The durable sends as data: one checked call of the HTTP API each, so that it can go alone or in a batch.
import { z } from "zod";
import * as api from "../contract/api.ts";
import { progressUpdated, quizCompleted } from "../contract/dashboard.ts";
import { roomName, sessionId } from "../contract/ids.ts";
import { parse } from "../contract/parse.ts";

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
  notify: (body: z.input<typeof api.notificationBody>) =>
    post("/api/v1/notifications", parse(api.notificationBody, body), notified),
  /** The outcome of a run, to the owner of the session. */
  pushRunResult: (session: string, result: z.input<typeof api.runResultBody>) =>
    post(`/api/v1/run-results/${name(sessionId, session)}`, parse(api.runResultBody, result), stored),
  /** Says whose a run session is; without `sessionId` one is made. */
  registerRunSession: (body: z.input<typeof api.runSessionBody>) =>
    post("/api/v1/run-sessions", parse(api.runSessionBody, body), registered),
  /** Saves a learner's progress and tells their dashboard, if it has changed. */
  updateProgress: (body: z.input<typeof api.progressBody>) =>
    post("/api/v1/progress", parse(api.progressBody, body), progressUpdated),
  /** Saves the result of a quiz and tells the learner's dashboard. */
  addQuiz: (body: z.input<typeof api.quizBody>) => post("/api/v1/quizzes", parse(api.quizBody, body), quizCompleted),
  /** A message into a room, kept for those who come later. */
  sendToRoom: (room: string, body: z.input<typeof api.roomMessageBody>) =>
    post(`/api/v1/rooms/${name(roomName, room)}/messages`, parse(api.roomMessageBody, body), said),
  /** A frame of a type of the backend's own to one user; → whether the user is online. Not stored unless the type is. */
  push: (body: z.input<typeof api.sendBody>) => post("/api/ws/send", parse(api.sendBody, body), sent),
  /** The same to everyone. */
  pushToEveryone: (body: z.input<typeof api.broadcastBody>) =>
    post("/api/ws/broadcast", parse(api.broadcastBody, body), accepted),
  /** Ends every connection of a user, on every node. */
  disconnectUser: (userId: string) => post("/api/v1/disconnect", parse(api.disconnectBody, { userId }), accepted),
  /** Replaces the catalogue of topics and chapters. Not for batches, which hold POSTs only. */
  putTopics: (topics: z.input<typeof api.topicsBody>): ApiCall<undefined> => ({
    method: "PUT",
    path: "/api/v1/topics",
    body: parse(api.topicsBody, topics),
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
