// What others notice of ten connections of ten users that send as fast as they can: the time from an honest client's heartbeat to
// its ack, for each kind of flood. npm run bench:floods [part of a kind's name]; fails above 100 ms for 99 of 100.
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Socket } from "socket.io-client";
import { startChild } from "../test/support/child.ts";
import { connectTo } from "../test/support/classwire.ts";
import { eventually } from "../test/support/eventually.ts";
import { spawnServer } from "../test/support/spawn-server.ts";
import { signToken } from "../test/support/tokens.ts";
import { FLOODS } from "./floods/kinds.ts";

const CONNECTIONS = 10;
/** Shorter than the ten seconds after which the connections are closed. */
const MEASURED_MS = 6_000;
/** Within the rate that one connection may send. */
const EVERY_MS = 25;
const GIVEN_UP_MS = 8_000;
const MOST_P99_MS = 100;

interface Figure {
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  readonly megabytesRead: number;
  readonly residentMB: number;
}

const quantile = (sorted: readonly number[], part: number): number =>
  Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 10) / 10;

/** The times of heartbeats that are sent at fixed moments, whether or not the one before has been answered. */
async function measure(socket: Socket): Promise<number[]> {
  const times: number[] = [];
  const waiting: Promise<unknown>[] = [];
  const began = performance.now();
  for (let beat = 0; beat * EVERY_MS < MEASURED_MS; beat++) {
    await sleep(Math.max(0, began + beat * EVERY_MS - performance.now()));
    const sent = performance.now();
    const answered = socket.timeout(GIVEN_UP_MS).emitWithAck("heartbeat");
    waiting.push(answered.catch(() => undefined).then(() => times.push(performance.now() - sent)));
  }
  await Promise.all(waiting);
  socket.close();
  return times.sort((a, b) => a - b);
}

async function run(kind: string): Promise<Figure> {
  const server = await spawnServer({ LOG_LEVEL: "silent" }, { built: true });
  const tokens = Array.from({ length: CONNECTIONS }, (_, n) => signToken(String(n + 1)));
  const honest = connectTo(server.url, "/channels", "honest");
  await eventually(() => honest.connected);
  const path = fileURLToPath(new URL("./floods/flooder.ts", import.meta.url));
  const flooder = startChild(process.execPath, ["--import", "tsx", path, server.url, kind, tokens.join()]);
  const report = () => JSON.parse(flooder.lines.at(-1) ?? '{"open":0,"bytes":0}') as { open: number; bytes: number };
  if (kind !== "nobody") await eventually(() => report().open > 0, { timeoutMs: 60_000 });
  const times = await measure(honest);
  const { bytes } = report();
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  flooder.kill("SIGKILL");
  await server.stop();
  return {
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
    most: quantile(times, 1),
    megabytesRead: Math.round(bytes / 1e6),
    residentMB: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024),
  };
}

const figures: Record<string, Figure> = {};
for (const kind of Object.keys(FLOODS).filter((name) => name.includes(process.argv[2] ?? ""))) {
  figures[kind] = await run(kind);
  console.error(kind, JSON.stringify(figures[kind]));
}
console.log(JSON.stringify({ connections: CONNECTIONS, load: loadavg()[0], milliseconds: figures }, null, 2));
process.exit(Object.values(figures).some(({ p99 }) => p99 > MOST_P99_MS) ? 1 : 0);
