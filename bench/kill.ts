// A node that is killed again and again under load: what it acknowledged is there, once, in order, at everybody who should have it.
// Usage: npm run soak -- kill [--rounds 100] [--acknowledged 2000000] [--database postgres|pglite] [--seed n] [--keep]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../scripts/free-ports.mjs";
import { audit } from "../test/history/audit.ts";
import { connectRaw, connectSocket } from "../test/history/clients.ts";
import { createRecorder } from "../test/history/files.ts";
import { startPublisher } from "../test/history/publisher.ts";
import { eventually } from "../test/support/eventually.ts";
import { startPostgres } from "../test/support/postgres.ts";
import { seeded } from "../test/support/random.ts";
import { type SpawnedServer, spawnServer } from "../test/support/spawn-server.ts";
import { soakOptions } from "./soak/options.ts";
import { historyDirectory, report } from "./soak/report.ts";

const { rounds, acknowledged, database, seed, keep } = soakOptions({ rounds: 100, acknowledged: 2_000_000 });
/** One client each, every other one raw: what a user's Socket.IO client acknowledges would not be replayed to a raw one of the user. */
const USERS = 80;
/** Messages in a call. */
const BATCH = 500;

const random = seeded(seed);
const postgres = database === "postgres" ? await startPostgres() : undefined;
const home = mkdtempSync(join(tmpdir(), "classwire-kill-"));
const env = {
  DATABASE_URL: (await postgres?.createDatabase()) ?? "",
  PORT: String(await freePort()),
  EVENT_RETENTION_COUNT: "1000000",
  CONNECT_ATTEMPTS_PER_MINUTE: "1000000",
  LOG_LEVEL: "error",
};
const faults: string[] = [];
let server = await start();
const directory = historyDirectory();
const recorder = createRecorder(join(directory, "history.jsonl"));
const users = Array.from({ length: USERS }, (_, index) => `kill-${index}`);
const clients = users.map((user, index) =>
  index % 2 === 0
    ? connectSocket({ url: server.url, user, name: `socket ${user}`, recorder })
    : connectRaw({ url: server.url, user, name: `raw ${user}`, recorder, dialect: (index - 1) / 2 }),
);
await eventually(() => clients.every((client) => client.isConnected()), { timeoutMs: 30_000 });

const began = performance.now();
const publisher = startPublisher({
  urls: [server.url],
  users,
  recorder,
  batch: BATCH,
  parallel: 4,
  run: `kill-${seed}`,
});
let backMs = 0;
for (let round = 0; round < rounds; round++) {
  const target = (acknowledged * (round + random.fraction())) / rounds;
  const before = publisher.acknowledged;
  await eventually(() => publisher.acknowledged >= Math.max(target, before + 1), { timeoutMs: 600_000, everyMs: 5 });
  await sleep(random.fraction() * 100); // the moment of death is meant to be any, with calls on their way
  server.kill("SIGKILL");
  const died = performance.now();
  await server.exited;
  keepFaults();
  server = await start();
  const back = publisher.acknowledged;
  await eventually(() => publisher.acknowledged > back, { timeoutMs: 60_000, everyMs: 5 });
  backMs = Math.max(backMs, performance.now() - died);
  if ((round + 1) % 10 === 0) console.error(`${round + 1} kills, ${publisher.acknowledged} acknowledged, ${since()} s`);
}
await eventually(() => publisher.acknowledged >= acknowledged, { timeoutMs: 3_600_000, everyMs: 50 });
await publisher.finish();
const seconds = since();
const everything = () =>
  clients.every(
    (client) => client.position >= publisher.of(client.channel)[client.promised === "once" ? "head" : "count"],
  );
await eventually(everything, { timeoutMs: 120_000, everyMs: 200 }).catch(() =>
  console.error("not everybody has everything"),
);
const settledInSeconds = since() - seconds;
for (const { name, channel } of clients) recorder.note({ kind: "settled", client: name, channel });
await audit(
  server.url,
  users.map((user) => `notifications/${user}`),
  recorder,
);
for (const client of clients) client.close();
recorder.close();
keepFaults();
await server.stop();
await postgres?.stop();
rmSync(home, { recursive: true, force: true });
report({
  soak: "kill",
  seed,
  directory,
  files: [recorder.path],
  keep,
  failures: faults,
  figures: {
    database,
    kills: rounds,
    seconds,
    perSecond: Math.round(publisher.acknowledged / seconds),
    repeatedBatches: publisher.repeated,
    slowestReturnMs: Math.round(backMs),
    settledInSeconds,
  },
});
process.exit();

function start(): Promise<SpawnedServer> {
  return spawnServer(env, { directory: home, built: true });
}

/** What a server that runs well never says. */
function keepFaults(): void {
  faults.push(...server.lines.filter((line) => /"level":(50|60)|unhandled|uncaught/i.test(line)).slice(0, 5));
}

function since(): number {
  return Math.round((performance.now() - began) / 1000);
}
