// What the nodes of a soak hold, looked at again and again: memory, descriptors, keys of Redis, rows of tables; and its trend.
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "redis";
import { residentBytes } from "../../test/fuzz/target.ts";
import type { Node, World } from "./world.ts";

/** One look. */
export interface Sample {
  /** Seconds since the run began. */
  readonly at: number;
  readonly nodes: readonly { pid: number; residentMb: number; heldMb: number; descriptors: number }[];
  readonly redisKeys: number;
  /** Names of a few of them. */
  readonly someKeys: readonly string[];
  readonly rows: Readonly<Record<string, number>>;
}

const MEGABYTE = 1_048_576;
/** A full collection of a node's garbage takes less. */
const COLLECTION_MS = 1000;

/** Looks. Undefined when a part of it does not answer: that is the fault of the moment. */
export async function look(world: World, began: number): Promise<Sample | undefined> {
  try {
    for (const { server } of world.nodes) server.kill("SIGUSR2");
    await sleep(COLLECTION_MS);
    const nodes = await Promise.all(world.nodes.map(lookAt));
    const [keys, rows] = await Promise.all([keysOf(world.redis.url), rowsOf(world)]);
    return { at: Math.round((performance.now() - began) / 1000), nodes, ...keys, rows };
  } catch {
    return undefined;
  }
}

async function lookAt({ url, server }: Node): Promise<Sample["nodes"][number]> {
  const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5000) });
  const text = await response.text();
  const metric = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
  // `external` includes array buffers, which hold what waits to be sent.
  const held = metric("nodejs_heap_size_used_bytes") + metric("nodejs_external_memory_bytes");
  return {
    pid: server.pid,
    residentMb: Math.round((residentBytes(server.pid) ?? 0) / MEGABYTE),
    heldMb: Number((held / MEGABYTE).toFixed(2)),
    descriptors: readdirSync(`/proc/${server.pid}/fd`).length,
  };
}

async function keysOf(url: string): Promise<Pick<Sample, "redisKeys" | "someKeys">> {
  const client = createClient({
    url,
    socket: { reconnectStrategy: false, connectTimeout: 3000 },
    commandOptions: { timeout: 3000 },
  });
  client.on("error", () => undefined); // told by what fails
  await client.connect();
  try {
    const someKeys = new Set<string>();
    while (someKeys.size < Math.min(10, await client.dbSize())) {
      const key = await client.sendCommand(["RANDOMKEY"]);
      if (key === null) break;
      someKeys.add(String(key));
    }
    return { redisKeys: await client.dbSize(), someKeys: [...someKeys].sort() };
  } finally {
    client.destroy();
  }
}

async function rowsOf({ postgres, database }: World): Promise<Record<string, number>> {
  const tables = ["channels", "channel_events", "channel_cursors", "idempotency_keys", "resumable_sessions"];
  const counts = tables.map((table) => `(SELECT count(*)::int FROM ${table}) AS ${table}`);
  const [row] = await postgres.run(`SELECT ${counts.join(", ")}`, database);
  return row as Record<string, number>;
}

/** The slope of a straight line through the points, by least squares; undefined for less than three. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number | undefined {
  if (points.length < 3) return undefined;
  const mean = (at: 0 | 1): number => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const above = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return above / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}
