// The rate of inbound messages of one connection: a bucket that says what to do with the next one.
import type { BurstLimit } from "../config/limits.ts";
import type { RateVerdict } from "../connection/rate-verdict.ts";

/** The bucket of each connection, which all of its namespaces share. */
export interface MessageRates {
  of(connection: object): () => RateVerdict;
}

/** Seconds in a row in which a connection may be above its rate. */
const PATIENCE_SECONDS = 10;

/** Creates the bucket of one connection: `points` per `seconds`, `burst` at once. `now` is in milliseconds. */
export function createMessageRate(limit: BurstLimit, now: () => number = Date.now): () => RateVerdict {
  let tokens = limit.burst;
  let filledAt = now();
  let droppedIn = Number.NEGATIVE_INFINITY; // the last second in which something was dropped
  let streak = 0;
  return () => {
    const time = now();
    tokens = Math.min(limit.burst, tokens + ((time - filledAt) / 1000) * (limit.points / limit.seconds));
    filledAt = time;
    if (tokens >= 1) {
      tokens -= 1;
      return "take";
    }
    const second = Math.floor(time / 1000);
    if (second === droppedIn) return "drop";
    streak = second === droppedIn + 1 ? streak + 1 : 1;
    droppedIn = second;
    return streak >= PATIENCE_SECONDS ? "close" : "drop and say so";
  };
}

/** Creates the buckets of a node's connections; one goes with its connection. */
export function createMessageRates(limit: BurstLimit): MessageRates {
  const rates = new WeakMap<object, () => RateVerdict>();
  return {
    of(connection) {
      const rate = rates.get(connection) ?? createMessageRate(limit);
      rates.set(connection, rate);
      return rate;
    },
  };
}
