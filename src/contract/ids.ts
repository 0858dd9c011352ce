// Identifiers: what a user, course or room may be called, and how an id is written inside a room or channel name.
import { z } from "zod";

/** True for text that PostgreSQL keeps as it is: all but the character U+0000, and halves of surrogate pairs. */
export const isStorable = (text: string): boolean => !text.includes("\u0000") && !/\p{Surrogate}/u.test(text);

/** A user id: 1–128 characters of any kind but U+0000 (it is encoded wherever it becomes part of a name). */
export const userId = z
  .string()
  .min(1)
  .max(128)
  .refine(isStorable, "must be well-formed, without the character U+0000");

/** A course id, of the same form as a user id. */
export const courseId = userId;

/** The name of a room, also the part after `rooms/` of its channel. */
export const roomName = z
  .string()
  .regex(/^[A-Za-z0-9_\-:.]{1,128}$/, "must be 1 to 128 characters of A-Z a-z 0-9 _ - : .");

/** The id of a run session, the part after `run-results/`. */
export const sessionId = roomName;

/** Ids of topics and chapters. Short and plain, so that a dashboard event stays under 1 KB. */
export const catalogueId = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,64}$/, "must be 1 to 64 characters of A-Z a-z 0-9 _ - .");

/** A whole number as the dashboard uses it for users. */
export const wholeNumber = z.int().nonnegative();

/** True when `id` is a whole number in its plain decimal form, as `/dashboard` wants user ids; beyond 2^53 they would be rounded. */
export function isWholeNumberId(id: string): boolean {
  return /^\d{1,16}$/.test(id) && Number.isSafeInteger(Number(id)) && String(Number(id)) === id;
}

/**
 * An id as part of a room or channel name: everything outside `A-Za-z0-9_.@-` is percent-encoded (UTF-8),
 * so that `a:b` and `a/b` cannot reach into another name.
 */
export function encodeId(id: string): string {
  if (/^[A-Za-z0-9_.@-]*$/.test(id)) return id;
  const bytes = new TextEncoder().encode(id);
  let name = "";
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    name += /[A-Za-z0-9_.@-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return name;
}

/** The id that {@link encodeId} wrote; a string with a broken escape is returned as it is. */
export function decodeId(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
