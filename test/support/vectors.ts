// The vectors of test/vectors: documented frames of each dialect, both ways.
import { readFileSync } from "node:fs";
import type { ErrorCode } from "../../src/contract/errors.ts";
import type { ClientEventName } from "../../src/contract/namespaces.ts";
import { rfc3339 } from "../../src/contract/time.ts";
import type { Answer } from "../../src/raw/codec.ts";

/** The time that every codec is given with them, in epoch milliseconds: 2025-12-26T14:05:30+08:00. */
export const NOW = 1_766_729_130_000;

/** One line of a file of vectors: exactly one of `in`, `event`, `answered` and `refused`. */
export interface Vector {
  /** A client's frame as text, with the `signal` that it means or the `failure` that it is. */
  in?: string;
  signal?: { event: ClientEventName; payload?: unknown };
  failure?: ErrorCode;
  message?: string;
  /** A namespace's event with its `args`, and `out`, the frame that goes to the client; null is none. */
  event?: string;
  args?: unknown[];
  out?: unknown;
  /** The client's event that the namespace answered, and its `answer`. */
  answered?: ClientEventName;
  answer?: Answer;
  /** The code of a failure that the client is told. */
  refused?: ErrorCode;
}

/** The vectors of a dialect. Times of our own are those of {@link NOW}, in this machine's zone as the dialects write them. */
export function vectorsOf(dialect: string): Vector[] {
  const text = readFileSync(new URL(`../vectors/${dialect}.json`, import.meta.url), "utf8");
  return JSON.parse(text.replaceAll("$rfc3339", rfc3339(new Date(NOW)))) as Vector[];
}
