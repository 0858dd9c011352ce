// Waiting for a PostgreSQL server that cannot be used yet, where there is patience for it.
import { setTimeout as delay } from "node:timers/promises";
import type { UnusableError } from "./errors.ts";
import type { StartOptions } from "./interface.ts";
import { unusable } from "./postgres-faults.ts";

/** The pauses between two attempts, in milliseconds. A server that refuses a password may lock out who asks too often. */
const PAUSE_MS = { first: 250, longest: 5_000 };
/** How long a reason that no waiting mends is borne with, in milliseconds: a role, a database, a password may be on its way. */
const LASTING_MS = 60_000;

/**
 * Tries until it works. Without patience, once.
 * @param at where the server is, for the sentence that says why it cannot be used
 * @param note hears of each attempt that failed and is repeated
 * @throws UnusableError for a server that cannot be used: at once, or with patience after a minute of what no waiting mends;
 *   other errors as they are
 */
export async function untilUsable<T>(
  attempt: () => Promise<T>,
  at: string,
  note: (fault: UnusableError) => void,
  { isPatient, lastingMs = LASTING_MS }: StartOptions,
): Promise<T> {
  let lastingSince: number | undefined;
  for (let pauseMs = PAUSE_MS.first; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS.longest)) {
    const outcome = await attempt().then(
      (value) => ({ value }),
      (error: unknown) => ({ fault: faultOf(error, at) }),
    );
    if ("value" in outcome) return outcome.value;
    const { fault } = outcome;
    if (!isPatient) throw fault;
    lastingSince = fault.isLasting ? (lastingSince ?? performance.now()) : undefined;
    if (lastingSince !== undefined && performance.now() - lastingSince >= lastingMs) throw fault;
    note(fault);
    await delay(pauseMs);
  }
}

/** @throws the error, if it says nothing about the server */
function faultOf(error: unknown, at: string): UnusableError {
  const fault = unusable(error, at);
  if (fault === undefined) throw error;
  return fault;
}
