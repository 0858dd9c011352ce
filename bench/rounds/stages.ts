// What befalls the database in a round: a failover, a restore, or a disk that forgets; each in two ways, taken in turns.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBackedUpPostgres } from "../../test/faults/backups.ts";
import { forgetfulDisk } from "../../test/faults/disk.ts";
import { startPostgresPair } from "../../test/faults/postgres-pair.ts";
import { cutPower, syncedOnly } from "../../test/faults/power.ts";
import { startPostgres } from "../../test/support/postgres.ts";
import { type SpawnedServer, spawnServer } from "../../test/support/spawn-server.ts";

/** One round's database, and the node on it. */
export interface Stage {
  readonly name: string;
  /** Whether what was acknowledged after `prepare` may be gone, if it is said to everyone concerned. */
  readonly mayLose: boolean;
  start(): Promise<SpawnedServer>;
  /** Under load, some time before it happens. */
  prepare(): Promise<void>;
  /** Lets it happen; resolves when there is a database to write to again. @returns the node of then, which may be another process */
  strike(server: SpawnedServer): Promise<SpawnedServer>;
  stop(): Promise<void>;
}

type Env = Record<string, string>;

/** The kinds of rounds; `round` counts from 0. */
export const STAGES: Readonly<Record<string, (round: number, env: Env) => Promise<Stage>>> = {
  failover: (round, env) => failover(round % 2 === 1, env),
  restore: (round, env) => restore(round % 2 === 0 ? "dump" : "point in time", env),
  fsync: (round, env) => (round % 2 === 0 ? powerCut(env) : lyingDisk(env)),
};

async function failover(lags: boolean, env: Env): Promise<Stage> {
  const pair = await startPostgresPair();
  const url = pair.url(await pair.createDatabase());
  return {
    name: lags ? "failover to a standby that lags" : "failover to a standby that has everything",
    mayLose: lags,
    start: () => spawnServer({ ...env, DATABASE_URL: url }, { built: true }),
    prepare: async () => void (lags && pair.lag()),
    async strike(server) {
      await pair.failOver();
      return server;
    },
    stop: () => pair.stop(),
  };
}

async function restore(from: "dump" | "point in time", env: Env): Promise<Stage> {
  const postgres = await startBackedUpPostgres();
  const url = await postgres.createDatabase();
  const database = new URL(url).pathname.slice(1);
  let point = "";
  return {
    name: from === "dump" ? "restored from a dump, under the running node" : "restored to a point in time",
    mayLose: true,
    async start() {
      const server = await spawnServer({ ...env, DATABASE_URL: url }, { built: true });
      if (from === "point in time") await postgres.backUp();
      return server;
    },
    async prepare() {
      point = from === "dump" ? await postgres.dump(database) : await postgres.mark();
    },
    async strike(server) {
      await (from === "dump" ? postgres.restoreDump(database, point) : postgres.restoreTo(point));
      return server;
    },
    stop: () => postgres.stop(),
  };
}

async function lyingDisk(env: Env): Promise<Stage> {
  const postgres = await startPostgres();
  const disk = forgetfulDisk(postgres);
  const url = await postgres.createDatabase();
  return {
    name: "PostgreSQL's disk lies about fsync, and its power fails",
    mayLose: true,
    start: () => spawnServer({ ...env, DATABASE_URL: url }, { built: true }),
    prepare: () => disk.lie(),
    async strike(server) {
      await disk.failPower();
      return server;
    },
    stop: () => postgres.stop(),
  };
}

/** Everything that was not synced is gone, on the embedded database: nothing acknowledged may be. */
async function powerCut(env: Env): Promise<Stage> {
  const home = mkdtempSync(join(tmpdir(), "classwire-power-"));
  const start = (more: Env = {}): Promise<SpawnedServer> =>
    spawnServer({ ...env, DATABASE_URL: "", ...more }, { built: true, directory: home });
  return {
    name: "a power cut under PGlite: what was not synced is gone",
    mayLose: false,
    async start() {
      const first = await start();
      await first.stop();
      return start(syncedOnly(home));
    },
    prepare: async () => undefined,
    async strike(server) {
      await cutPower(server, home);
      return start();
    },
    stop: async () => rmSync(home, { recursive: true, force: true }),
  };
}
