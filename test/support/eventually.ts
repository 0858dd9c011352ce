// Waiting for a condition instead of for a time.
import { setTimeout as sleep } from "node:timers/promises";

/** What a condition may return as long as it does not hold. */
type NotYet = false | undefined | null;

/**
 * Waits until `condition` holds: until it returns something other than false, undefined or null, without throwing (so
 * that it may contain `expect`).
 * @param condition asked again and again, first at once; never twice at the same time
 * @param options.timeoutMs how long at most (10 s)
 * @param options.everyMs the pause between two looks (20 ms)
 * @param options.what it waits for, for the error
 * @returns what the condition returned
 * @throws what the condition threw last, or an error that says what did not happen
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  options: { timeoutMs?: number; everyMs?: number; what?: string } = {},
): Promise<Exclude<Awaited<T>, NotYet>> {
  const { timeoutMs = 10_000, everyMs = 20, what = "the condition" } = options;
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    let problem: unknown = new Error(`${what} did not hold within ${timeoutMs} ms`);
    try {
      const result = await condition();
      if (result !== false && result !== undefined && result !== null) return result as Exclude<Awaited<T>, NotYet>;
    } catch (error) {
      problem = error;
    }
    if (Date.now() >= deadline) throw problem;
    await sleep(everyMs);
  }
}
