// A server whose embedded database has a full disk under load. DATABASE_ROUNDS=20 for a long proof.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SpawnedServer, spawnServer } from "../../support/spawn-server.ts";
import { limitFiles } from "./file-limit.ts";
import { fillTo } from "./filling.ts";
import { EVERYTHING, PUBLISHING, TRIAL_ENV, tryFault } from "./trial.ts";

const ROUNDS = Number(process.env["DATABASE_ROUNDS"] ?? 1);
const TIMEOUT_MS = 60_000 + ROUNDS * 30_000;
/** A file of its log has 1 MB; half a page more makes the error for a table the very one of a full disk. */
const LOG_AND_HALF_A_PAGE = 2 ** 20 + 4096;

let server: SpawnedServer;
beforeAll(async () => {
  server = await spawnServer({ ...TRIAL_ENV, DATABASE_URL: "" });
  await fillTo(server.url, LOG_AND_HALF_A_PAGE);
});
afterAll(() => server.stop());

test.each([
  ["its tables", LOG_AND_HALF_A_PAGE, PUBLISHING],
  ["its log, of which it breaks down", 0, EVERYTHING],
])(
  "a disk too full for %s",
  async (_what, bytes, refuses) => {
    const fault = { begin: () => limitFiles(server.pid, bytes), end: () => limitFiles(server.pid, undefined), refuses };
    const { refused } = await tryFault(server, fault, ROUNDS);
    expect(refused).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);
