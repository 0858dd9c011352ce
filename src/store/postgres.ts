// The store on a PostgreSQL server: one bounded pool under both Prisma and the raw path.
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { PrismaClient } from "./generated/client.ts";
import { type MigrationConnection, migrate } from "./migrate.ts";
import type { Store } from "./store.ts";
import { PARSERS } from "./values.ts";

const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 3_000;
/** The server gives up on a statement after this long … */
const STATEMENT_TIMEOUT_MS = 4_000;
/** … and we give up on the server shortly after: a frozen one says nothing. */
const QUERY_TIMEOUT_MS = 4_500;
const PING_TIMEOUT_MS = 2_000;
/** A node that freezes within a transaction must not keep its row locks for ever. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** How long a starting node waits for another one's migration. */
const MIGRATION_LOCK_TIMEOUT_MS = 60_000;
/** The key of the advisory lock that Prisma's own engine takes. */
const MIGRATION_LOCK_KEY = 72_707_369;

/** Opens the store on a PostgreSQL server. */
export async function openPostgres(url: string): Promise<Store> {
  const schema = schemaOf(url);
  await migrateServer(url, schema);
  const pool = openPool(url, schema);
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool, { schema }) });
  const query = async <Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]> => {
    const result = await pool.query({ text: sql, values: [...parameters], types: TYPES });
    return result.rows;
  };
  const [setting] = await query<{ value: string }>("SELECT value FROM settings WHERE name = 'epoch'", []);
  if (setting === undefined) throw new Error("The database has no epoch: its settings table was emptied");
  let closing: Promise<void> | undefined;
  return {
    prisma,
    epoch: setting.value,
    kind: "postgres",
    query,
    async ping() {
      await pool.query({ text: "SELECT 1", query_timeout: PING_TIMEOUT_MS } as pg.QueryConfig);
    },
    close() {
      closing ??= prisma.$disconnect().then(() => pool.end());
      return closing;
    },
  };
}

const TYPES: pg.CustomTypesConfig = {
  getTypeParser(oid, format) {
    const parser = format === "binary" ? undefined : PARSERS[oid];
    return parser ?? pg.types.getTypeParser(oid, format);
  },
};

function openPool(url: string, schema: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: "classwire",
    max: POOL_SIZE,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    onConnect: async (client) => {
      await client.query(session(schema, STATEMENT_TIMEOUT_MS));
    },
  });
  // The pool has already dropped the connection that failed; whoever queries next gets a new one, or the error.
  pool.on("error", () => undefined);
  return pool;
}

/** The settings of every connection. Prisma's adapter reads and writes timestamps as if the session were in UTC. */
function session(schema: string, statementTimeoutMs: number): string {
  return [
    "SET TimeZone = 'UTC'",
    `SET search_path = ${pg.escapeIdentifier(schema)}`,
    `SET statement_timeout = ${statementTimeoutMs}`,
    `SET idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_TIMEOUT_MS}`,
  ].join(";");
}

/** The schema that the URL asks for, the way Prisma's URLs do. */
function schemaOf(url: string): string {
  return new URL(url).searchParams.get("schema") ?? "public";
}

/** Migrates over a connection of its own, without the limits that hot statements have: an index may take minutes. */
async function migrateServer(url: string, schema: string): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "classwire",
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
  client.on("error", () => undefined);
  await client.connect();
  const connection: MigrationConnection = {
    query: async (sql, parameters) => (await client.query({ text: sql, values: [...parameters] })).rows,
    script: async (sql) => void (await client.query(sql)),
    lock: async () => {
      await client.query(`SET lock_timeout = ${MIGRATION_LOCK_TIMEOUT_MS}`);
      await client.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK_KEY]);
      await client.query("SET lock_timeout = 0");
    },
    unlock: async () => void (await client.query("SELECT pg_advisory_unlock($1)", [MIGRATION_LOCK_KEY])),
  };
  try {
    await client.query(session(schema, 0));
    await migrate(connection);
  } finally {
    await client.end();
  }
}
