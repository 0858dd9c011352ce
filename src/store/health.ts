// A database that answers but takes nothing (its disk is full, it is read-only) is no more up than one that is away.
import { DatabaseBrokenError, isUnable } from "./errors.ts";
import type { Store } from "./interface.ts";

/** Nobody would try again if a proxy sent nobody for as long as `ping` rejects: after this time, in milliseconds, the next caller finds out. */
const REMEMBER_MS = 5_000;

/**
 * The store, whose `ping` also rejects after a statement that the database was unable to do, until it does that one again.
 * @param rememberMs how long a failure counts without another try, in milliseconds
 */
export function withHealth(store: Store, rememberMs = REMEMBER_MS): Store {
  /** When each statement failed last; texts are constant, so they are few. */
  const failed = new Map<string, number>();

  return {
    ...store,
    async query<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]> {
      try {
        const rows = await store.query<Row>(sql, parameters);
        failed.delete(sql);
        return rows;
      } catch (error) {
        if (isUnable(error)) failed.set(sql, performance.now());
        throw error;
      }
    },
    async ping() {
      await store.ping();
      const since = performance.now() - rememberMs;
      for (const [sql, at] of failed) if (at < since) failed.delete(sql);
      if (failed.size > 0) throw new DatabaseBrokenError("The database answers, but cannot do what it is asked for");
    },
  };
}
