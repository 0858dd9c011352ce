// The store on a PostgreSQL server.
import { PrismaPg } from "@prisma/adapter-pg";
import type pg from "pg";
import type { UnusableError } from "./errors.ts";
import { PrismaClient } from "./generated/client.ts";
import { type History, type Origin, openHistory } from "./history.ts";
import type { StartOptions, Store } from "./interface.ts";
import { createFaultLog } from "./postgres-faults.ts";
import { migrateServer } from "./postgres-migration.ts";
import { originOf } from "./postgres-origin.ts";
import { openPool, rawQuery } from "./postgres-pool.ts";
import { type Server, serverOf } from "./postgres-session.ts";
import { untilUsable } from "./postgres-start.ts";
import { withTimeout } from "./timeout.ts";

const PING_TIMEOUT_MS = 2_000;
/** A frozen server is not waited for at the end. */
const CLOSE_TIMEOUT_MS = 3_000;

/**
 * Opens it: migrates over a connection of its own, then makes the pool.
 * @throws UnusableError for a server that cannot be used; Error of one line, see `migrate`
 */
export async function openPostgres(url: string, options: StartOptions): Promise<Store> {
  const server = serverOf(url);
  const { unread } = server;
  if (unread.length > 0) options.logger?.warn({ unread }, "DATABASE_URL has parameters that nobody reads here");
  const note = createFaultLog(options.logger);
  return untilUsable(() => open(server, note), server.at, note, options);
}

async function open(server: Server, onFault: (fault: UnusableError) => void): Promise<Store> {
  await migrateServer(server);
  let history: History | undefined;
  const onConnected = (origin: Origin): void => history?.found(origin);
  // While it opens, whoever opens it is told.
  const { pool, pooled } = openPool(server, { onConnected, onFault: (fault) => void (history && onFault(fault)) });
  const query = rawQuery(pool, pooled);
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool, { schema: server.schema }) });
  try {
    await prisma.$connect();
    history = await openHistory(query, () => originOf(query, server));
    return {
      prisma,
      history,
      kind: "postgres",
      query,
      ping: pinging(query),
      close: closing(prisma, pool),
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

function pinging(query: Store["query"]): Store["ping"] {
  return async () => {
    await withTimeout(PING_TIMEOUT_MS, query("SELECT 1", []), "The database has not answered within 2 s");
  };
}

function closing(prisma: PrismaClient, pool: pg.Pool): Store["close"] {
  let closed: Promise<void> | undefined;
  const close = async () => {
    await prisma.$disconnect();
    await withTimeout(CLOSE_TIMEOUT_MS, pool.end(), "timeout").catch(() => undefined);
  };
  return () => {
    closed ??= close();
    return closed;
  };
}
