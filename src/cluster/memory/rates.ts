/** Rates of a single node, in memory. */
import { RateLimiterMemory } from "rate-limiter-flexible";
import type { RateRule, Rates } from "../rates.ts";
import { Turns } from "./keyed-mutex.ts";

/** A rule's name for its limiter and its keys: another rule never shares a count. */
export const ruleId = (rule: RateRule): string => `${rule.name}:${rule.points}:${rule.seconds}`;

/**
 * Counts that live and die with this process; what has expired goes by itself. The limiter counts refused takes too,
 * so each take looks first, and takes of one key have their turn one after the other.
 */
export const createMemoryRates = (): Rates => {
  const limiters = new Map<string, { limiter: RateLimiterMemory; turns: Turns }>();
  const limiterOf = (rule: RateRule) => {
    const id = ruleId(rule);
    const known = limiters.get(id) ?? {
      limiter: new RateLimiterMemory({ keyPrefix: id, points: rule.points, duration: rule.seconds }),
      turns: new Turns(),
    };
    limiters.set(id, known);
    return known;
  };
  return {
    take: (rule, key) => {
      const { limiter, turns } = limiterOf(rule);
      return turns.run(key, async () => {
        const window = await limiter.get(key);
        const open = window !== null && window.msBeforeNext > 0;
        if (rule.points < 1) return { ok: false, retryAfterMs: rule.seconds * 1000 };
        if (open && window.consumedPoints >= rule.points) return { ok: false, retryAfterMs: window.msBeforeNext };
        await limiter.consume(key);
        return { ok: true, retryAfterMs: 0 };
      });
    },
    giveBack: (rule, key) => {
      const { limiter, turns } = limiterOf(rule);
      return turns.run(key, async () => {
        const window = await limiter.get(key);
        if (window !== null && window.msBeforeNext > 0 && window.consumedPoints > 0) await limiter.reward(key);
      });
    },
  };
};
