// What the scripts here run against: a Redis and a PostgreSQL of their own, and nodes that share them, in this process or in others.
import { startClasswire, type TestServer } from "../test/support/classwire.ts";
import { type Postgres, startPostgres } from "../test/support/postgres.ts";
import { type Redis, startRedis } from "../test/support/redis.ts";
import { type SpawnedServer, spawnServer } from "../test/support/spawn-server.ts";

/** Where nodes of one cluster live. */
export interface Services {
  readonly redis: Redis;
  readonly postgres: Postgres;
  /** What makes a server a node of this cluster. */
  readonly env: Record<string, string>;
  /** Nodes in this process. */
  here(count: number, env?: Record<string, string>): Promise<TestServer[]>;
  /** A node in a process of its own, from dist/. */
  spawn(env?: Record<string, string>): Promise<SpawnedServer>;
  /** Ends Redis and PostgreSQL; the nodes are ended before. */
  stop(): Promise<void>;
}

/** Starts Redis and PostgreSQL. */
export async function startServices(): Promise<Services> {
  const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
  const env = { DATABASE_URL: await postgres.createDatabase(), REDIS_URL: redis.url };
  return {
    redis,
    postgres,
    env,
    here: (count, more = {}) => Promise.all(Array.from({ length: count }, () => startClasswire({ ...env, ...more }))),
    spawn: (more = {}) => spawnServer({ ...env, LOG_LEVEL: "warn", NODE_ENV: "production", ...more }, { built: true }),
    async stop() {
      await redis.stop();
      await postgres.stop();
    },
  };
}

/** The value below which the part `q` (0–1) of sorted numbers lies; NaN for none. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}
