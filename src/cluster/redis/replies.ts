// Reads what scripts answer: lists of texts and numbers.
import { Unavailable } from "./unavailable.ts";

/** A list of words; numbers become text. @throws Unavailable when Redis answered something else */
export const words = (reply: unknown): string[] => {
  if (!Array.isArray(reply)) throw new Unavailable("Redis answered something other than a list");
  return reply.map((word: unknown) => String(word));
};

/** A list of lists or words, as it came. @throws Unavailable when Redis answered something else */
export const list = (reply: unknown): unknown[] => {
  if (!Array.isArray(reply)) throw new Unavailable("Redis answered something other than a list");
  return reply;
};

/** Words two by two. */
export const pairs = (flat: string[]): [string, string][] =>
  Array.from({ length: Math.floor(flat.length / 2) }, (_, index) => [flat[index * 2] ?? "", flat[index * 2 + 1] ?? ""]);
