// The HTTP API: schemas of every body and answer.
import { z } from "zod";
import { catalogueId, isStorable, roomName, sessionId, userId, wholeNumber } from "./ids.ts";
import { json } from "./json.ts";
import { dataUpdate, messageBody, notification, runResult, systemMessage } from "./messaging.ts";

/** A name as learners read it: at most 200 bytes of JSON, so that a dashboard event stays under 1 KB. */
export const displayName = z
  .string()
  .min(1)
  .refine((name) => new TextEncoder().encode(JSON.stringify(name)).length <= 202, "at most 200 bytes as JSON")
  .refine(isStorable, "not well-formed, or with the character U+0000");

/** `POST /api/v1/progress` */
export const progressBody = z.object({
  user_id: wholeNumber,
  topic_id: catalogueId,
  chapter_id: catalogueId,
  completed: z.boolean(),
});

/** `POST /api/v1/quizzes` */
export const quizBody = z
  .object({
    user_id: wholeNumber,
    topic_id: catalogueId,
    chapter_id: catalogueId,
    score: z.int().min(0).max(1_000_000),
    total_questions: z.int().min(1).max(1_000_000),
  })
  .refine((quiz) => quiz.score <= quiz.total_questions, {
    message: "score is at most total_questions",
    path: ["score"],
  });

/** `POST /api/v1/run-sessions`; without `sessionId` one is made. */
export const runSessionBody = z.object({ sessionId: sessionId.optional(), userId });

/** `POST /api/v1/run-results/:sessionId` */
export const runResultBody = runResult;

/** `POST /api/v1/notifications`: to one user, or to everyone. */
export const notificationBody = z
  .object({ userId: userId.optional(), everyone: z.literal(true).optional(), ...notification.shape })
  .refine((body) => (body.userId === undefined) !== (body.everyone === undefined), {
    message: "exactly one of userId and everyone is required",
    path: ["userId"],
  });

/** `POST /api/v1/system` */
export const systemBody = systemMessage;

/** `POST /api/v1/data-updates`: to everyone, one user or one room. */
export const dataUpdateBody = z.object({
  ...dataUpdate.shape,
  to: z
    .union([z.strictObject({ user: userId }), z.strictObject({ room: roomName })], "exactly one of {user} and {room}")
    .optional(),
});

/** `POST /api/v1/rooms/:room/messages` */
export const roomMessageBody = messageBody;

const digits = z.string("given twice").regex(/^\d+$/, "not a whole number").transform(Number);

/** `GET /api/v1/channels/:kind/:id/events`; `limit` at most 1 000. */
export const eventsQuery = z.object({
  since: digits.pipe(z.int()).default(0),
  limit: digits.pipe(z.int().min(1).max(1000)).default(100),
});

/** `POST /api/v1/disconnect` */
export const disconnectBody = z.object({ userId });

/** `POST /api/ws/broadcast` */
export const broadcastBody = z.object({ type: z.string().min(1).max(64), content: json });

/** `POST /api/ws/send` */
export const sendBody = z.object({ type: z.string().min(1).max(64), to: userId, content: json });

/** `PUT /api/v1/topics`: the whole catalogue, in order. */
export const topicsBody = z
  .array(
    z.object({
      id: catalogueId,
      displayName,
      chapters: z.array(z.object({ id: catalogueId, displayName })).max(1000),
    }),
  )
  .max(1000);
/** @see topicsBody */
export type Topics = z.infer<typeof topicsBody>;

/** `POST /api/v1/batch`: up to 1 000 POSTs of this API, answered in order. */
export const batchBody = z.object({
  items: z
    .array(z.object({ path: z.string().max(512), body: json, idempotencyKey: z.string().min(1).max(255).optional() }))
    .max(1000),
});

/** The `Idempotency-Key` header. */
export const idempotencyKey = z.string().min(1).max(255);
