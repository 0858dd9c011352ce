// The store on PGlite, PostgreSQL inside this process: in a directory, or in memory only.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { PrismaPGlite } from "pglite-prisma-adapter";
import { PrismaClient } from "./generated/client.ts";
import { type MigrationConnection, migrate } from "./migrate.ts";
import type { Store } from "./store.ts";
import { PARSERS } from "./values.ts";

/** PGlite's default of 128 MB shared buffers would all be resident. */
const START_PARAMETERS = [...PGlite.defaultStartParams, "-c", "shared_buffers=4MB"];
const PING_TIMEOUT_MS = 2_000;

/** Opens the store in a directory, made when it is missing. */
export async function openEmbedded(dir: string): Promise<Store> {
  await mkdir(dir, { recursive: true });
  return open("embedded", join(dir, "pglite"));
}

/** Opens a store that is gone when it is closed. */
export function openMemory(): Promise<Store> {
  return open("memory", "memory://");
}

async function open(kind: "embedded" | "memory", dataDir: string): Promise<Store> {
  const database = await PGlite.create({ dataDir, startParams: START_PARAMETERS });
  const query = async <Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]> => {
    const result = await database.query<Row>(sql, [...parameters], { parsers: PARSERS });
    return result.rows;
  };
  const connection: MigrationConnection = {
    query,
    script: async (sql) => void (await database.exec(sql)),
    // One process, one connection: there is nobody to lock out.
    lock: async () => undefined,
    unlock: async () => undefined,
  };
  await migrate(connection);
  const prisma = new PrismaClient({ adapter: new PrismaPGlite(database) });
  const [setting] = await query<{ value: string }>("SELECT value FROM settings WHERE name = 'epoch'", []);
  if (setting === undefined) throw new Error("The database has no epoch: its settings table was emptied");
  let closing: Promise<void> | undefined;
  return {
    prisma,
    epoch: setting.value,
    kind,
    query,
    async ping() {
      const late = AbortSignal.timeout(PING_TIMEOUT_MS);
      await Promise.race([
        query("SELECT 1", []),
        new Promise((_, reject) => late.addEventListener("abort", () => reject(late.reason))),
      ]);
    },
    close() {
      closing ??= prisma.$disconnect().then(() => database.close());
      return closing;
    },
  };
}
