// Rates of a single node, in memory.
import type { RateRule, Rates } from "../rates.ts";

/** A rule's name for its keys: another rule never shares a count. */
export const ruleId = (rule: RateRule): string => `${rule.name}:${rule.points}:${rule.seconds}`;

/** The window of one key. `endsAt` is epoch milliseconds. */
interface Window {
  taken: number;
  readonly endsAt: number;
}

/** Windows that are over are removed when this many takes have gone by, so that keys that never come again cost nothing. */
const PRUNE_EVERY = 1000;

/** Counts that live and die with this process. `now` is epoch milliseconds. */
export function createMemoryRates(now: () => number = Date.now): Rates {
  const windows = new Map<string, Window>();
  let takes = 0;

  function prune(time: number): void {
    for (const [key, { endsAt }] of windows) if (endsAt <= time) windows.delete(key);
  }

  return {
    async take(rule, key) {
      const time = now();
      if (++takes % PRUNE_EVERY === 0) prune(time);
      const id = `${ruleId(rule)}:${key}`;
      const known = windows.get(id);
      const window =
        known !== undefined && known.endsAt > time ? known : { taken: 0, endsAt: time + rule.seconds * 1000 };
      if (window.taken >= rule.points) return { ok: false, retryAfterMs: window.endsAt - time };
      window.taken++;
      windows.set(id, window);
      return { ok: true, retryAfterMs: 0 };
    },
    async isSpent(rule, key) {
      const window = windows.get(`${ruleId(rule)}:${key}`);
      return (window !== undefined && window.endsAt > now() ? window.taken : 0) >= rule.points;
    },
    async giveBack(rule, key) {
      const window = windows.get(`${ruleId(rule)}:${key}`);
      if (window !== undefined && window.endsAt > now() && window.taken > 0) window.taken--;
    },
  };
}
