// A server whose PostgreSQL is killed, freezes, or has a full disk, under load. DATABASE_ROUNDS=20 for a long proof.
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { type Postgres, startPostgres } from "../../support/postgres.ts";
import { unprivileged } from "../../support/processes.ts";
import { type SpawnedServer, spawnServer } from "../../support/spawn-server.ts";
import { limitFiles } from "./file-limit.ts";
import { fillTo } from "./filling.ts";
import { EVERYTHING, type Fault, PUBLISHING, TRIAL_ENV, tryFault } from "./trial.ts";

const ROUNDS = Number(process.env["DATABASE_ROUNDS"] ?? 1);
const TIMEOUT_MS = 60_000 + ROUNDS * 30_000;

let postgres: Postgres;
let server: SpawnedServer;
beforeAll(async () => {
  postgres = await startPostgres();
  server = await spawnServer({ ...TRIAL_ENV, DATABASE_URL: await postgres.createDatabase() });
});
afterAll(async () => {
  postgres.resume();
  await server.stop();
  await postgres.stop();
});

/** Tried until the processes that a killed postmaster has left behind are gone. */
const startAgain = () =>
  eventually(() => postgres.start().then(() => true), { timeoutMs: 20_000 }).then(() => undefined);
const limit = (bytes?: number) => limitFiles(postgres.pid, bytes, unprivileged());

const faults: Record<string, () => Promise<Fault> | Fault> = {
  "killed, its postmaster first, and started again": () => ({
    begin: () => void process.kill(postgres.pid, "SIGKILL"),
    end: startAgain,
    refuses: EVERYTHING,
  }),

  // Two kinds suffice: each of the others may wait its turn behind one that is given up after 4.5 s.
  "frozen and thawed": () => ({
    begin: postgres.pause,
    end: postgres.resume,
    refuses: ["notification", "heartbeat"],
  }),

  "a disk too full for its tables": async () => {
    // A file of its log has 16 MB; half a page more makes the error the very one of a full disk.
    const bytes = 16 * 2 ** 20 + 4096;
    await fillTo(server.url, bytes);
    return { begin: () => limit(bytes), end: () => limit(), refuses: PUBLISHING };
  },

  "a disk too full for its log, of which it dies": () => ({
    begin: () => limit(65_536),
    async end() {
      await postgres.crash(); // it may not be quite dead, and would not get rid of its limit
      await startAgain();
    },
    refuses: EVERYTHING,
  }),
};

test.each(Object.entries(faults))(
  "%s",
  async (_name, fault) => {
    const { refused } = await tryFault(server, await fault(), ROUNDS);
    expect(refused).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);
