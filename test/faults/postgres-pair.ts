// A PostgreSQL primary with a standby behind one address, as a failover of a managed service moves it.

import { type Cuttable, startCuttable } from "../support/cuttable.ts";
import { eventually } from "../support/eventually.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";

/** The pair. Stop it when done. */
export interface PostgresPair {
  readonly primary: Postgres;
  readonly standby: Postgres;
  /** The URL of a database behind the address that moves. */
  url(database: string): string;
  /** Makes a database on the primary. @returns its name */
  createDatabase(): Promise<string>;
  /** From now on nothing reaches the standby: what is committed is lost by a failover. */
  lag(): void;
  /**
   * The standby becomes the primary, and new connections lead to it. The old primary only reads from now on, and connections to
   * it stay. Unless it lags, the standby has everything.
   */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it (about 5 s). */
export async function startPostgresPair(): Promise<PostgresPair> {
  const primary = await startPostgres();
  const line: Cuttable = await startCuttable(() => primary.port);
  const standby = await startPostgres({ standbyOf: Number(new URL(line.url).port) });
  let current = primary;
  let lags = false;
  const address = await startCuttable(() => current.port);
  return {
    primary,
    standby,
    url: (database) => `postgres://postgres@127.0.0.1:${new URL(address.url).port}/${database}`,
    async createDatabase() {
      return new URL(await primary.createDatabase()).pathname.slice(1);
    },
    lag() {
      lags = true;
      line.cut(true);
    },
    async failOver() {
      await primary.run("ALTER SYSTEM SET default_transaction_read_only = on");
      await primary.run("SELECT pg_reload_conf()");
      if (!lags) {
        const [{ at } = {}] = await primary.run("SELECT pg_current_wal_lsn() AS at");
        await eventually(async () => {
          const [row] = await standby.run(`SELECT pg_last_wal_replay_lsn() >= '${String(at)}'::pg_lsn AS there`);
          return row?.["there"] === true;
        });
      }
      await standby.run("SELECT pg_promote()");
      current = standby;
    },
    async stop() {
      await address.close();
      await standby.stop();
      await line.close();
      await primary.stop();
    },
  };
}
