// Everything at once: two nodes under thousands of clients that come and go, every fault in turn, and a judgement of its own at the end.
// Usage: npm run soak -- all [--hours 1] [--clients 5000] [--seed n] [--keep]; a minute for the load to go and for the judgement beside.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { audit } from "../test/history/audit.ts";
import { connectSocket } from "../test/history/clients.ts";
import { createRecorder } from "../test/history/files.ts";
import { startPublisher } from "../test/history/publisher.ts";
import { call } from "../test/scenarios/flow.ts";
import { eventually } from "../test/support/eventually.ts";
import { seeded } from "../test/support/random.ts";
import type { CrowdEnd, CrowdOptions, CrowdReport } from "./soak/crowd.ts";
import { FAULTS, type Fault } from "./soak/faults.ts";
import { connectHonest } from "./soak/heartbeats.ts";
import { soakOptions } from "./soak/options.ts";
import { historyDirectory, report } from "./soak/report.ts";
import { look, type Sample } from "./soak/samples.ts";
import { userNames } from "./soak/users.ts";
import { growth, judgeSamples } from "./soak/verdicts.ts";
import { startWorld } from "./soak/world.ts";

const { hours, clients, seed, keep } = soakOptions({ hours: 1, clients: 5000 });
const TIGHT = { connectsPerSecond: 100, publishedPerSecond: 500, batch: 25, flooders: 10, greedy: 8, doomed: 5 };
/** Processes are ended in the first quarter of an hour only: memory is compared from then on. */
const SETTLED_AFTER_S = 900;
const isShort = hours < 0.25;
const FAULT_MS = isShort ? 3000 : 10_000;
const REST_MS = isShort ? 1000 : 8000;
const SAMPLE_EVERY_MS = isShort ? 15_000 : 60_000;
/** A node that is not ready, or a publisher without an answer, for longer than this after a fault is a failure. */
const BACK_WITHIN_MS = 30_000;
/** What is asked for of an honest client's heartbeats while others flood. */
const HONEST_P99_MS = 100;

const random = seeded(seed);
const failures: string[] = [];
const directory = historyDirectory();
const inDirectory = (name: string): string => join(directory, name);
console.error(`soak: seed ${seed}, history in ${directory}`);
const world = await startWorld({ NODE_ENV: "production", LOG_LEVEL: "error", ...limits() }, seed);
const urls = world.nodes.map(({ url }) => url);
await sleep(isShort ? 3000 : 15_000);
const began = performance.now();
const samples: Sample[] = [];
let sampledAt = began;
const before = await sample();

const recorder = createRecorder(inDirectory("1-main.jsonl"));
recorder.note({ kind: "limits", connections: { "/channels": 5 }, messagesPerSecond: 50, graceMs: 20_000 });
const users = userNames(clients);
const doomed = users.filter((_, index) => index % Math.ceil(clients / TIGHT.doomed) === 1);
const files = [recorder.path, inDirectory("2-crowd.jsonl")];
const { crowd, crowdSays } = startCrowd();
const publisher = startPublisher({
  urls,
  users,
  recorder,
  batch: TIGHT.batch,
  parallel: 4,
  perSecond: TIGHT.publishedPerSecond,
  run: `soak-${seed}`,
});
const greedy = Array.from({ length: TIGHT.greedy }, (_, index) =>
  connectSocket({ url: urls[0] ?? "", user: "greedy", name: `greedy-${index}`, recorder }),
);
const honest = connectHonest(urls[0] ?? "", "honest");
const heartbeats: Record<string, ReturnType<typeof honest.figures>[]> = { quiet: [], flooded: [], faulty: [] };
const happened: Record<string, { times: number; slowestBackMs: number }> = {};
let round: Fault[] = [];

await sleep(isShort ? 5000 : 30_000);
heartbeats["quiet"]?.push(honest.figures());
while (performance.now() - began < hours * 3_600_000) {
  await flood();
  if (round.length === 0) round = shuffled(FAULTS);
  const fault = round.pop();
  if (fault === undefined || (fault.ends && since() > SETTLED_AFTER_S)) continue;
  await befall(fault);
  const user = random.oneIn(5) ? doomed.pop() : undefined;
  if (user !== undefined) await revoke(user);
  if (performance.now() - sampledAt > SAMPLE_EVERY_MS) await sample();
}
await publisher.finish();
const ended = await endCrowd();
for (const client of [...greedy, honest]) client.close();
await audit(
  urls[0] ?? "",
  users.map((user) => `notifications/${user}`),
  recorder,
);
recorder.close();
const after = await loadGone();
failures.push(...judgeSamples(samples, before, after, SETTLED_AFTER_S));
await world.stop();
failures.push(...world.faults);
report({
  soak: "all",
  seed,
  directory,
  files,
  keep,
  failures,
  figures: {
    hours,
    clients,
    cutClients: ended.cut,
    repeatedBatches: publisher.repeated,
    faults: happened,
    heartbeats: Object.fromEntries(Object.entries(heartbeats).map(([name, all]) => [name, summary(all)])),
    growthMbPerHour: {
      held: world.nodes.map((_node, index) => growth(samples, index, SETTLED_AFTER_S)),
      resident: world.nodes.map((_node, index) => growth(samples, index, SETTLED_AFTER_S, "residentMb")),
    },
    before,
    after,
  },
});
process.exit();

function limits(): Record<string, string> {
  return { EVENT_RETENTION_COUNT: "100000", CONNECT_ATTEMPTS_PER_MINUTE: "1000", DRAIN_DELAY_SECONDS: "0" };
}

function since(): number {
  return (performance.now() - began) / 1000;
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: random.fraction() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

async function sample(): Promise<Sample | undefined> {
  sampledAt = performance.now();
  const seen = await look(world, began);
  if (seen === undefined) return undefined;
  samples.push(seen);
  appendFileSync(inDirectory("samples.jsonl"), `${JSON.stringify(seen)}\n`);
  return seen;
}

function startCrowd(): { crowd: ChildProcess; crowdSays: () => CrowdReport } {
  const options: CrowdOptions = {
    path: inDirectory("2-crowd.jsonl"),
    urls,
    badUrls: world.nodes.map(({ line }) => `http://127.0.0.1:${line.port}`),
    clients,
    connectsPerSecond: TIGHT.connectsPerSecond,
    seed,
  };
  const crowd = fork(new URL("./soak/crowd.ts", import.meta.url), [JSON.stringify(options)]);
  let said: CrowdReport = { connected: 0, cut: 0, received: 0 };
  crowd.on("message", (report: CrowdReport) => {
    said = report;
  });
  return { crowd, crowdSays: () => said };
}

/** Ten connections flood a node, while the honest client goes on. */
async function flood(): Promise<void> {
  const path = inDirectory(`3-flood-${files.length}.jsonl`);
  files.push(path);
  const url = random.oneIn(2) ? urls[0] : urls[1];
  honest.figures();
  const flooder = fork(new URL("./soak/flood.ts", import.meta.url), [
    ...[path, url ?? "", String(TIGHT.flooders), String(FAULT_MS)],
  ]);
  await once(flooder, "exit");
  if (url === urls[0]) heartbeats["flooded"]?.push(honest.figures());
}

async function befall(fault: Fault): Promise<void> {
  honest.figures();
  publisher.longestSilence();
  await fault.happen(world, FAULT_MS, random);
  const over = performance.now();
  const before = publisher.acknowledged;
  const isBack = async (): Promise<boolean> =>
    publisher.acknowledged > before && (await Promise.all(urls.map(isReady))).every((ready) => ready);
  await eventually(isBack, { timeoutMs: BACK_WITHIN_MS, everyMs: 50 }).catch(() =>
    failures.push(`${fault.name}: not back after ${BACK_WITHIN_MS} ms`),
  );
  const backMs = Math.round(performance.now() - over);
  const known = happened[fault.name] ?? { times: 0, slowestBackMs: 0 };
  happened[fault.name] = { times: known.times + 1, slowestBackMs: Math.max(known.slowestBackMs, backMs) };
  heartbeats["faulty"]?.push(honest.figures());
  const { connected, cut } = crowdSays();
  console.error(
    `${Math.round(since())} s: ${fault.name}, back after ${backMs} ms; ${connected} connected, ${cut} cut, ` +
      `${publisher.acknowledged} acknowledged`,
  );
  await sleep(REST_MS);
  honest.figures();
  await sleep(REST_MS);
  heartbeats["quiet"]?.push(honest.figures());
}

/** The user's tokens are void from now on, and nothing may reach the user any more. */
async function revoke(userId: string): Promise<void> {
  const { status, text } = await call({ url: urls[1] ?? "" }, "POST", "/api/v1/revocations", { userId });
  if (status !== 201) failures.push(`a revocation was answered ${status} ${text}`);
  else recorder.note({ kind: "revoked", user: userId, graceMs: 3000 });
}

async function endCrowd(): Promise<CrowdReport> {
  const channels = Object.fromEntries(
    users.map((user) => [`notifications/${user}`, publisher.of(`notifications/${user}`)] as const),
  );
  const order: CrowdEnd = { channels, unsettled: allDoomed(), patienceMs: 60_000 };
  const ending = once(crowd, "exit");
  crowd.send(order);
  await ending;
  const { incomplete = [] } = crowdSays();
  if (incomplete.length > 0) failures.push(`did not get everything in time: ${incomplete.join(", ")}`);
  return crowdSays();
}

/** Those whose tokens were revoked are not to get everything. */
function allDoomed(): string[] {
  return users.filter((_, index) => index % Math.ceil(clients / TIGHT.doomed) === 1);
}

/** What nodes hold when everybody has gone: state of raw connections is kept for two minutes. */
async function loadGone(): Promise<Sample | undefined> {
  const deadline = performance.now() + 180_000;
  for (;;) {
    const seen = await sample();
    const isAsBefore = seen !== undefined && before !== undefined && judgeSamples([], before, seen, 0).length === 0;
    if (isAsBefore || performance.now() > deadline) return seen;
    await sleep(5000);
  }
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5000) }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );
}

function summary(all: readonly ReturnType<typeof honest.figures>[]): object {
  const p99 = all.map((one) => one.p99).filter((value) => !Number.isNaN(value));
  const sorted = p99.sort((a, b) => a - b);
  const median = (name: "p50" | "p99"): number | undefined =>
    all
      .map((one) => one[name])
      .sort((a, b) => a - b)
      .at(Math.floor(all.length / 2));
  return {
    times: all.length,
    answers: all.reduce((sum, { answers }) => sum + answers, 0),
    unanswered: all.reduce((sum, { unanswered }) => sum + unanswered, 0),
    p50: median("p50"),
    p99: median("p99"),
    worstP99: sorted.at(-1),
    within100Ms: sorted.filter((value) => value <= HONEST_P99_MS).length,
  };
}
