// Rates over Redis.
import { createMemoryRates, ruleId } from "../memory/rates.ts";
import type { RateRule, Rates } from "../rates.ts";
import type { RedisSession } from "./redis-session.ts";
import { list } from "./replies.ts";

/** Windows that all nodes share, see lua/rates.lua. While Redis is away each node counts in memory. */
export function createRedisRates(redis: RedisSession): Rates {
  const alone = createMemoryRates();

  /** Takes points, gives them back where they are negative, or counts what has been taken where there are none. */
  async function count(rule: RateRule, key: string, points: number): Promise<{ taken: number; leftMs: number }> {
    const args = [points, rule.seconds, rule.points].map(String);
    return redis.call("rate", `${redis.keys.rates}:${ruleId(rule)}:${key}`, args, (reply) => {
      const [taken, leftMs] = list(reply);
      return { taken: Number(taken), leftMs: Number(leftMs) };
    });
  }

  return {
    take: (rule, key) =>
      redis.decide(
        async () => {
          const { taken, leftMs } = await count(rule, key, 1);
          const ok = taken <= rule.points;
          return { ok, retryAfterMs: ok ? 0 : leftMs };
        },
        () => alone.take(rule, key),
      ),
    isSpent: (rule, key) =>
      redis.decide(
        async () => (await count(rule, key, 0)).taken >= rule.points,
        () => alone.isSpent(rule, key),
      ),
    giveBack: (rule, key) =>
      redis.decide(
        async () => {
          await count(rule, key, -1);
        },
        () => alone.giveBack(rule, key),
      ),
  };
}
