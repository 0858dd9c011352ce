// A million hostile frames at the standalone server: npm run fuzz [frames] [seed]. Fails when it ends, logs a fault, stops answering,
// or holds 64 MB more at the end than after the first tenth.
import { fire } from "../test/fuzz/fire.ts";
import { residentBytes, startTarget } from "../test/fuzz/target.ts";
import { startPostgres } from "../test/support/postgres.ts";

const FRAMES = Number(process.argv[2] ?? 1_000_000);
const SEED = Number(process.argv[3] ?? Date.now() % 1_000_000);
const MEGABYTE = 1_048_576;
const MOST_GROWTH_MB = 64;

const postgres = await startPostgres(); // what is said and kept must not count as what the server holds
const server = await startTarget(true, await postgres.createDatabase());
const port = server.ports[0] ?? 0;
const began = performance.now();
const totals = { frames: 0, connections: 0, survived: 0 };
let before: number | undefined;
let highest = 0;
try {
  for (let part = 0; part < 10; part++) {
    const hits = await fire({ port, frames: FRAMES / 10, seed: SEED + part * 1000 });
    totals.frames += hits.frames;
    totals.connections += hits.connections;
    totals.survived += hits.survived;
    const now = (residentBytes(server.pid) ?? 0) / MEGABYTE;
    before ??= now;
    highest = Math.max(highest, now);
    console.error(
      `${totals.frames} frames, ${Math.round(now)} MB resident, ${Math.round((performance.now() - began) / 1000)} s`,
    );
  }
} finally {
  const ended = !server.isRunning();
  const faults = server.lines.filter((line) => /"level":(50|60)/.test(line));
  const growthMB = Math.round(highest - (before ?? 0));
  console.log(JSON.stringify({ seed: SEED, ...totals, growthMB, ended, faults: faults.length }, null, 2));
  if (faults.length > 0) console.error(faults.slice(0, 5).join("\n"));
  if (ended) console.error(server.lines.slice(-20).join("\n"));
  if (ended || faults.length > 0 || growthMB >= MOST_GROWTH_MB) process.exitCode = 1;
  await server.stop();
  await postgres.stop();
}
