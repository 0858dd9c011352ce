// A power cut under a node on the embedded database: what was written and not synced is gone.
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { SpawnedServer } from "../support/spawn-server.ts";

/** What makes a node keep, beside its data directory, what was synced only. The directory must have been made by an earlier start. */
export function syncedOnly(home: string): Record<string, string> {
  const preload = new URL("./synced-only.mjs", import.meta.url).href;
  return { NODE_OPTIONS: `--import ${preload}`, SYNCED_ONLY_OF: join(home, ".data") };
}

/** Kills the node, and leaves in `home` what was synced. Then it may be started again. */
export async function cutPower(server: SpawnedServer, home: string): Promise<void> {
  server.kill("SIGKILL");
  await server.exited;
  const data = join(home, ".data");
  if (!existsSync(`${data}.synced`)) throw new Error("the node was not started with syncedOnly");
  rmSync(data, { recursive: true, force: true });
  renameSync(`${data}.synced`, data);
}
