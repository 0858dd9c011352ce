// Hostile frames and requests at the standalone server, in parts that are logged: npm run fuzz -- [frames] [seed].
// Fails when the server ends, logs a fault, stops answering, grows by 64 MB in a part (the middle one of the slopes between its looks:
// single looks differ by 100 MB without a trend), or lets an honest client wait (99th percentile of its heartbeats) for
// 100 ms. Each part adds a line of JSON to FUZZ_LOG (fuzz.jsonl): seed, what was fired, what came of it. A part is repeated by its seed.
import { fork } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fire, type Hits } from "../test/fuzz/fire.ts";
import { residentBytes, startTarget } from "../test/fuzz/target.ts";
import { startPostgres } from "../test/support/postgres.ts";
import type { HonestClient } from "./soak/heartbeats.ts";

const FRAMES = Number(process.argv[2] ?? 1_000_000);
const SEED = Number(process.argv[3] ?? Date.now() % 1_000_000);
const LOG = process.env["FUZZ_LOG"] ?? "fuzz.jsonl";
const STEPS = 10;
const MEGABYTE = 1_048_576;
const MOST_GROWTH_MB = 64;
const HONEST_P99_MS = 100;
const COLLECTION_MS = 1000;

const postgres = await startPostgres(); // what is said and kept must not count as what the server holds
const garbage = new URL("./soak/garbage.mjs", import.meta.url).href;
const server = await startTarget(true, await postgres.createDatabase(), { NODE_OPTIONS: `--import ${garbage}` });
const port = server.ports[0] ?? 0;
const honest = fork(new URL("./fuzz/honest.ts", import.meta.url), [server.url]);
await once(honest, "message");
const began = performance.now();
const totals: { -readonly [K in keyof Hits]: number } = {
  frames: 0,
  socketIoFrames: 0,
  pollingPackets: 0,
  httpRequests: 0,
  connections: 0,
  survived: 0,
};
const resident: number[] = [];
let problem: string | undefined;
try {
  for (let step = 0; step < STEPS; step++) {
    const hits = await fire({ port, frames: FRAMES / STEPS, seed: SEED + step * 1000 });
    for (const key of Object.keys(totals) as (keyof Hits)[]) totals[key] += hits[key];
    const now = await residentMb();
    resident.push(now);
    console.error(`${totals.frames} frames, ${Math.round(now)} MB resident, ${seconds()} s`);
  }
} catch (error) {
  problem = String(error);
} finally {
  const heartbeats = await figures();
  honest.disconnect();
  const ended = !server.isRunning();
  const faults = server.lines.filter((line) => /"level":(50|60)/.test(line));
  const growthMB = growth();
  if (ended) problem ??= "the server has ended";
  else if (faults.length > 0) problem ??= `a fault was logged: ${faults[0]}`;
  else if (growthMB >= MOST_GROWTH_MB) problem ??= `grown by ${growthMB} MB`;
  else if (!(heartbeats.p99 < HONEST_P99_MS)) problem ??= `an honest client waited for ${heartbeats.p99} ms`;
  const rate = Math.round(totals.frames / seconds());
  const passed = problem === undefined;
  const part = {
    seed: SEED,
    passed,
    problem,
    ...totals,
    seconds: seconds(),
    rate,
    growthMB,
    ended,
    faults: faults.length,
  };
  appendFileSync(LOG, `${JSON.stringify({ at: new Date().toISOString(), ...part, heartbeats })}\n`);
  console.log(JSON.stringify({ ...part, heartbeats, log: LOG, ...soFar() }, null, 2));
  if (faults.length > 0) console.error(faults.slice(0, 5).join("\n"));
  if (ended) console.error(server.lines.slice(-20).join("\n"));
  if (problem !== undefined) process.exitCode = 1;
  await server.stop();
  await postgres.stop();
}

function seconds(): number {
  return Math.round((performance.now() - began) / 1000);
}

/** By how much it grew over the part, in megabytes: the Theil–Sen slope, which a few odd looks do not move. */
function growth(): number {
  const slopes = resident.flatMap((later, at) =>
    resident.slice(0, at).map((earlier, before) => (later - earlier) / (at - before)),
  );
  return Math.round(median(slopes) * (resident.length - 1));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** What it holds when its garbage is collected. */
async function residentMb(): Promise<number> {
  server.kill("SIGUSR2");
  await sleep(COLLECTION_MS);
  return (residentBytes(server.pid) ?? 0) / MEGABYTE;
}

async function figures(): Promise<ReturnType<HonestClient["figures"]>> {
  const answer = once(honest, "message");
  honest.send("figures");
  const [said] = await answer;
  return said as ReturnType<HonestClient["figures"]>;
}

/** All parts in the log. */
function soFar(): { parts: number; framesInAll: number; failedSeeds: number[] } {
  const parts = readFileSync(LOG, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { seed: number; passed: boolean; frames: number });
  return {
    parts: parts.length,
    framesInAll: parts.reduce((sum, { frames }) => sum + frames, 0),
    failedSeeds: parts.filter(({ passed }) => !passed).map(({ seed }) => seed),
  };
}
