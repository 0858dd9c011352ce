// Verdict of a message rate: what becomes of one more message of a connection, and for how long no more are read.

/** Take the message, drop it, drop it and tell the client, or close the connection. */
export type RateVerdict = "take" | "drop" | "drop and say so" | "close";

/** Those who are above their rate together are not all read again at once. */
const SPREAD_MS = 200;

/** How long a connection above its rate is not read, in milliseconds: until the next second, in which it may be told so again. */
export function restOfSecond(now = Date.now()): number {
  return 1000 - (now % 1000) + Math.random() * SPREAD_MS;
}
