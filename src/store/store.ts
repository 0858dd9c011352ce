// Opening the database behind everything durable; only what the configured kind needs is loaded.
import { withHealth } from "./health.ts";
import type { StartOptions, Store, StoreConfig } from "./interface.ts";

export type { Store, StoreConfig } from "./interface.ts";

/**
 * Opens a database and applies the migrations that it lacks. Rejects with a one-line error when it cannot be used, when
 * its migrations do not match ours, or when another process holds the directory.
 */
export async function openStore(config: StoreConfig, options: StartOptions = {}): Promise<Store> {
  return withHealth(await open(config, options));
}

async function open(config: StoreConfig, options: StartOptions): Promise<Store> {
  if (config.kind === "postgres") {
    const { openPostgres } = await import("./postgres.ts");
    return openPostgres(config.url, options);
  }
  const { openDirectory, openMemory } = await import("./embedded.ts");
  return config.kind === "embedded" ? openDirectory(config.dir) : openMemory();
}
