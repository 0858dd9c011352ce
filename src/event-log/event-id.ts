// Ids of events: short, unique over all nodes, and sorted by time, so that the index over them grows at its end.
import { randomBytes } from "node:crypto";

/** Base 36 digits that hold every millisecond until the year 5188. */
const TIME_DIGITS = 9;
const RANDOM_BYTES = 9;

/** A new id: 21 characters of `A-Za-z0-9_-`, the first nine its time (epoch ms, base 36), then 72 random bits. */
export function eventId(now: number = Date.now()): string {
  return now.toString(36).padStart(TIME_DIGITS, "0") + randomBytes(RANDOM_BYTES).toString("base64url");
}
