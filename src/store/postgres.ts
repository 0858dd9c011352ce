// The store on a PostgreSQL server.
import { PrismaPg } from "@prisma/adapter-pg";
import type pg from "pg";
import { PrismaClient } from "./generated/client.ts";
import { type History, openHistory } from "./history.ts";
import type { Store } from "./interface.ts";
import { migrateServer } from "./postgres-migration.ts";
import { originOf } from "./postgres-origin.ts";
import { openPool, rawQuery } from "./postgres-pool.ts";
import { serverOf } from "./postgres-session.ts";
import { withTimeout } from "./timeout.ts";

const PING_TIMEOUT_MS = 2_000;
/** A frozen server is not waited for at the end. */
const CLOSE_TIMEOUT_MS = 3_000;

/** Opens it: migrates over a connection of its own, then makes the pool. */
export async function openPostgres(url: string): Promise<Store> {
  const server = serverOf(url);
  await migrateServer(server);
  let history: History | undefined;
  const pool = openPool(server, (origin) => history?.found(origin));
  const query = rawQuery(pool);
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
