// Rounds of failovers, restores or disks that forget, each under 500 acknowledged events a second: nothing acknowledged is lost, or
// everybody concerned is told (`recovered: false`); the node takes writes within 5 s of the new primary.
// Usage: npm run soak -- failover restore fsync [--rounds 20] [--seed n] [--keep]
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../scripts/free-ports.mjs";
import { audit } from "../test/history/audit.ts";
import { check } from "../test/history/checker.ts";
import { connectRaw, connectSocket, type RecordingClient } from "../test/history/clients.ts";
import { createRecorder } from "../test/history/files.ts";
import { startPublisher } from "../test/history/publisher.ts";
import { call } from "../test/scenarios/flow.ts";
import { eventually } from "../test/support/eventually.ts";
import { seeded } from "../test/support/random.ts";
import { STAGES, type Stage } from "./rounds/stages.ts";
import { soakOptions } from "./soak/options.ts";
import { historyDirectory, print, removeIfWell } from "./soak/report.ts";

const kind = process.argv[2] ?? "";
const { rounds, seed, keep } = soakOptions({ rounds: 20 }, process.argv.slice(3));
/** One client each, every other one raw. */
const USERS = 40;
const PER_SECOND = 500;
const BACK_WITHIN_MS = 5000;
const random = seeded(seed);
const directory = historyDirectory();
const failures: string[] = [];
const byStage: Record<
  string,
  { rounds: number; acknowledged: number; gone: number; untold: number; slowestMs: number }
> = {};
const makeStage = STAGES[kind];
if (makeStage === undefined) throw new Error(`there is no ${kind}, only ${Object.keys(STAGES).join(", ")}`);

for (let round = 0; round < rounds; round++) {
  const env = {
    PORT: String(await freePort()),
    EVENT_RETENTION_COUNT: "100000",
    CONNECT_ATTEMPTS_PER_MINUTE: "100000",
    LOG_LEVEL: "error",
  };
  const stage = await makeStage(round, env);
  await runRound(round, stage).finally(() => stage.stop());
}
const passed = failures.length === 0;
print({ soak: kind, seed, passed, rounds, byStage, failures, history: removeIfWell(directory, passed && !keep) });
process.exit(passed ? 0 : 1);

async function runRound(round: number, stage: Stage): Promise<void> {
  let server = await stage.start();
  const recorder = createRecorder(join(directory, `${round}.jsonl`));
  const users = Array.from({ length: USERS }, (_, index) => `round-${index}`);
  const clients = users.map((user, index) =>
    index % 2 === 0
      ? connectSocket({ url: server.url, user, name: `socket ${user}`, recorder })
      : connectRaw({ url: server.url, user, name: `raw ${user}`, recorder, dialect: (index - 1) / 2 }),
  );
  await eventually(() => clients.every((client) => client.isConnected()));
  const load = { batch: 10, parallel: 4, perSecond: PER_SECOND };
  const run = `${kind}-${seed}-${round}`;
  const publisher = startPublisher({ urls: [server.url], users, recorder, ...load, run });
  await sleep(2000 + random.below(500));
  await stage.prepare();
  await sleep(1000 + random.below(1000));
  server = await stage.strike(server);
  const struck = performance.now();
  const before = publisher.acknowledged;
  await eventually(() => publisher.acknowledged > before, { timeoutMs: 60_000, everyMs: 5, what: "a write" });
  const backMs = Math.round(performance.now() - struck);
  await sleep(2000);
  await publisher.finish();
  await settle(server.url, clients);
  for (const { name, channel } of clients) recorder.note({ kind: "settled", client: name, channel });
  await audit(
    server.url,
    users.map((user) => `notifications/${user}`),
    recorder,
  );
  for (const client of clients) client.close();
  recorder.close();
  await server.stop();
  judge(round, stage, recorder.path, backMs);
}

function judge(round: number, { name, mayLose }: Stage, path: string, backMs: number): void {
  const { violations, figures } = check([path]);
  const stage = byStage[name] ?? { rounds: 0, acknowledged: 0, gone: 0, untold: 0, slowestMs: 0 };
  byStage[name] = {
    rounds: stage.rounds + 1,
    acknowledged: stage.acknowledged + figures.acknowledged,
    gone: stage.gone + figures.gone,
    untold: stage.untold + figures.untold,
    slowestMs: Math.max(stage.slowestMs, backMs),
  };
  for (const [rule, breach] of Object.entries(violations))
    failures.push(`round ${round}, ${name}: ${rule} × ${breach.count}: ${breach.examples[0]}`);
  if (figures.gone > 0 && !mayLose)
    failures.push(`round ${round}, ${name}: ${figures.gone} acknowledged events are gone`);
  if (backMs > BACK_WITHIN_MS) failures.push(`round ${round}, ${name}: back after ${backMs} ms`);
  console.error(`round ${round}: ${name}, back after ${backMs} ms, ${JSON.stringify(figures)}`);
}

/** Waits until everybody has what there is, or nothing comes any more. */
async function settle(url: string, clients: readonly RecordingClient[]): Promise<void> {
  const heads = new Map<string, number>();
  for (const { channel } of clients) {
    if (heads.has(channel)) continue;
    const { text } = await call({ url }, "GET", `/api/v1/channels/${channel}/events?since=0&limit=1`);
    heads.set(channel, JSON.parse(text).head);
  }
  const hasAll = (client: RecordingClient): boolean =>
    client.promised !== "once" || (client.isConnected() && client.position === heads.get(client.channel));
  await eventually(() => clients.every(hasAll), { timeoutMs: 20_000 }).catch(() => undefined);
  for (let received = -1, now = 0; received !== now; ) {
    received = now;
    await sleep(1500);
    now = clients.reduce((sum, client) => sum + client.received, 0);
  }
}
