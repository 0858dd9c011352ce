// What people and backends say to each other: schemas of notifications, run results and messages.
import { z } from "zod";
import { isStorable, roomName, userId } from "./ids.ts";
import { json, jsonObject, MAX_DEPTH } from "./json.ts";

const shortText = z.string().min(1).max(1024);
const longText = z.string().min(1).max(65_536);
const link = z.string().min(1).max(2048);

/** A personal notification; `message` is what the gateway dialect calls `body`. */
export const notification = z.object({
  title: shortText,
  message: longText,
  action: shortText.optional(),
  requestId: z.string().min(1).max(128).optional(),
  icon: link.optional(),
  link: link.optional(),
});
/** @see notification */
export type Notification = z.infer<typeof notification>;

/** The outcome of running a learner's code. `duration` is milliseconds. */
export const runResult = z.object({
  stdout: z.string().max(262_144),
  stderr: z.string().max(262_144),
  exitCode: z.int(),
  duration: z.number().nonnegative(),
});
/** @see runResult */
export type RunResult = z.infer<typeof runResult>;

/** A message to everyone from the platform itself. */
export const systemMessage = z.object({
  message: longText,
  level: z.enum(["info", "warning", "error"]),
  code: z.int().optional(),
  title: shortText.optional(),
  icon: link.optional(),
  link: link.optional(),
});
/** @see systemMessage */
export type SystemMessage = z.infer<typeof systemMessage>;

/** Something that a page shows has changed. */
export const dataUpdate = z.object({
  entity: z.string().min(1).max(128),
  action: z.enum(["create", "update", "delete"]),
  id: z.union([z.string().min(1).max(128), z.int()], "must be a string of 1 to 128 characters or a whole number"),
  data: json,
});
/** @see dataUpdate */
export type DataUpdate = z.infer<typeof dataUpdate>;

/** What is said: a text, or content of the platform's own making. Either name, both are kept as they were sent. */
const content = z.union(
  [longText, jsonObject],
  `must be a text of 1 to 65536 characters or a JSON object nested at most ${MAX_DEPTH} deep`,
);
/** What is said: a text, or content of the platform's own making, or both. */
export const words = { text: longText.optional(), content: content.optional() };
/** Whether there is a text or content. */
export const saysSomething = (value: { text?: unknown; content?: unknown }): boolean =>
  value.text !== undefined || value.content !== undefined;
/** The refusal of what says nothing. */
export const nothingSaid = { message: "text or content is required", path: ["text"] };

/** What is said, with the fields of `shape` around it. */
export const saying = <const Shape extends z.ZodRawShape>(shape: Shape) =>
  z.object({ ...shape, ...words }).refine(saysSomething, nothingSaid);

/** The body of a message, without its address. */
export const messageBody = saying({});
/** @see messageBody */
export type MessageBody = z.infer<typeof messageBody>;

/**
 * The sender's own id of a message. Whoever does not know whether a message has arrived sends it again with the same id: within
 * 24 hours it is the same message of the same user in the same channel, whatever else it says then, and is kept once.
 */
export const messageId = z
  .string("must be a string of 1 to 64 characters")
  .min(1)
  .max(64)
  .refine(isStorable, "must be well-formed, without the character U+0000");

/** A message to a room that the sender has joined. */
export const roomMessage = saying({ room: roomName, id: messageId.optional() });

/** A message to one user. */
export const userMessage = saying({ to: userId, id: messageId.optional() });

/** A chat message: private with `to`, otherwise for everyone. An empty `to` is no `to`. */
export const chat = z.object({
  to: z.preprocess((value) => (value === "" || value === null ? undefined : value), userId.optional()),
  content,
  id: messageId.optional(),
});

/** Somebody is typing, to a user or in a room; never stored. */
export const typing = z
  .object({ to: userId.optional(), room: roomName.optional(), content: json.optional() })
  .refine((value) => (value.to === undefined) !== (value.room === undefined), {
    message: "exactly one of to and room is required",
    path: ["to"],
  });

/** A change of an order, as messenger clients know it. */
export const orderStatus = z.looseObject({
  order_id: z.union([z.string(), z.int()], "must be a string or a whole number"),
  status: z.string(),
  tracking_no: z.string().optional(),
});

/** Who and when, added by the server to everything that a user says. `timestamp` is epoch milliseconds. */
export const said = {
  from: userId,
  username: z.string().min(1).max(256).exactOptional(),
  timestamp: z.number(),
};
/** @see said */
export type Said = z.infer<z.ZodObject<typeof said>>;
