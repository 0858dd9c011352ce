// The store on PGlite, PostgreSQL inside this process: in a directory, or in memory only.
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { PGliteOptions } from "@electric-sql/pglite";
import { lockDirectory } from "./directory-lock.ts";
import { PrismaClient } from "./generated/client.ts";
import { type Origin, openHistory } from "./history.ts";
import type { Store } from "./interface.ts";
import { migrate } from "./migrate.ts";
import { prismaAdapter } from "./pglite-adapter.ts";
import { type Engine, startEngine } from "./pglite-engine.ts";
import { DurableFiles, SeededMemory } from "./pglite-files.ts";
import { startMaintenance } from "./pglite-maintenance.ts";
import { optimiseLess, startParameters } from "./pglite-program.ts";
import { runStatement } from "./pglite-query.ts";
import { copyTree, pgliteTemplate } from "./pglite-template.ts";
import { withTimeout } from "./timeout.ts";

const PING_TIMEOUT_MS = 2_000;

/** Opens the store in a directory, made when it is missing. One process at a time: see `lockDirectory`. */
export async function openDirectory(dir: string): Promise<Store> {
  const lock = await lockDirectory(dir);
  try {
    const path = join(dir, "pglite");
    if (!existsSync(path)) await withBase((base) => copyTree(base, path));
    const options = () => ({ fs: new DurableFiles(path), startParams: startParameters(true) });
    return await open("embedded", options, () => originOf(path), lock.release);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Opens a store that is gone when it is closed. */
export function openMemory(): Promise<Store> {
  return withBase((base) => {
    const options = () => ({ fs: new SeededMemory(base), startParams: startParameters(false) });
    return open(
      "memory",
      options,
      async () => ({ server: "memory", line: "" }),
      async () => undefined,
    );
  });
}

/** A directory that was copied, or restored from a backup, has other files: the one that is never written again shows it. */
async function originOf(path: string): Promise<Origin> {
  const { ino, birthtimeMs } = await stat(join(path, "PG_VERSION"));
  return { server: "embedded", line: `${ino}/${Math.floor(birthtimeMs)}` };
}

async function withBase<T>(use: (path: string) => Promise<T>): Promise<T> {
  const base = await pgliteTemplate();
  try {
    return await use(base.path);
  } finally {
    await base.done();
  }
}

async function open(
  kind: "embedded" | "memory",
  options: () => PGliteOptions,
  origin: () => Promise<Origin>,
  afterwards: () => Promise<void>,
): Promise<Store> {
  optimiseLess();
  const engine = await startEngine(options, kind === "embedded");
  try {
    await migrateEngine(engine);
    const query: Store["query"] = (sql, parameters) => engine.run((server) => runStatement(server, sql, parameters));
    const prisma = new PrismaClient({ adapter: prismaAdapter(engine) });
    await prisma.$connect();
    const history = await openHistory(query, origin);
    const ping = async () => {
      await withTimeout(PING_TIMEOUT_MS, query("SELECT 1", []), "The database has not answered within 2 s");
    };
    return { prisma, history, kind, query, ping, close: closing(prisma, engine, startMaintenance(query), afterwards) };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** There is one connection and nobody else, so there is nobody to lock out. */
function migrateEngine(engine: Engine): Promise<string[]> {
  return migrate({
    query: (sql, parameters) => engine.run((server) => runStatement(server, sql, parameters)),
    script: (sql) => engine.run(async (server) => void (await server.exec(sql))),
    begin: () => engine.run(async (server) => void (await server.exec("BEGIN"))),
  });
}

function closing(
  prisma: PrismaClient,
  engine: Engine,
  stopMaintenance: () => void,
  afterwards: () => Promise<void>,
): Store["close"] {
  let closed: Promise<void> | undefined;
  const close = async () => {
    stopMaintenance();
    try {
      await prisma.$disconnect();
      await engine.close();
    } finally {
      await afterwards();
    }
  };
  return () => {
    closed ??= close();
    return closed;
  };
}
