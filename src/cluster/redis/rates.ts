/** Rates over Redis. */
import { RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import { createMemoryRates, ruleId } from "../memory/rates.ts";
import type { RateRule, Rates } from "../rates.ts";
import { RATE_PREFIX } from "./keys.ts";
import type { Link } from "./redis-session.ts";
import { list } from "./replies.ts";

/** What rate-limiter-flexible calls on a client of the `redis` package: EVAL of its script, here rate.lua in its place. */
type Evaluation = { keys: string[]; arguments: string[] };

/**
 * Windows that all nodes share. The script replaces the limiter's own, which would count refused takes too and open a
 * window by giving back. While Redis is away each node counts in memory.
 */
export const createRedisRates = (link: Link): Rates => {
  const alone = createMemoryRates();
  const limiters = new Map<string, RateLimiterRedis>();
  const storeClient = {
    eval: (_script: string, { keys: [key = ""], arguments: args }: Evaluation) => link.call("rate", key, args, list),
  };
  const limiterOf = (rule: RateRule): RateLimiterRedis => {
    const id = ruleId(rule);
    const limiter =
      limiters.get(id) ??
      new RateLimiterRedis({
        storeClient,
        useRedisPackage: true,
        keyPrefix: `${RATE_PREFIX}:${id}`,
        points: rule.points,
        duration: rule.seconds,
      });
    limiters.set(id, limiter);
    return limiter;
  };
  return {
    take: (rule, key) =>
      link.decide(
        async () => {
          const limiter = limiterOf(rule);
          const answer = await limiter.consume(key).catch((refused: unknown) => {
            if (refused instanceof RateLimiterRes) return refused;
            throw refused;
          });
          const ok = answer.consumedPoints <= rule.points;
          return { ok, retryAfterMs: ok ? 0 : answer.msBeforeNext };
        },
        () => alone.take(rule, key),
      ),
    giveBack: (rule, key) =>
      link.decide(
        async () => {
          await limiterOf(rule).reward(key);
        },
        () => alone.giveBack(rule, key),
      ),
  };
};
