// What every connection to a PostgreSQL server has in common: limits that keep a frozen server from holding us, and settings.
import pg from "pg";

/** How long a connection may take to be made, or to become free in the pool, in ms. */
export const CONNECT_TIMEOUT_MS = 3_000;
/** The server gives up on a statement after this long … */
const STATEMENT_TIMEOUT_MS = 4_000;
/** … and we give up on the server shortly after, for a frozen one says nothing. */
export const QUERY_TIMEOUT_MS = 4_500;
/** A node that freezes within a transaction must not keep its row locks for ever. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** A migration may take minutes (an index over a large table). */
const NO_TIMEOUT = 0;

/** A server and the schema in it that is ours. */
export interface Server {
  readonly url: string;
  readonly schema: string;
}

/** Takes the schema out of the URL, where Prisma's URLs have it. @throws Error (without the URL, which has a password) */
export function serverOf(url: string): Server {
  if (!URL.canParse(url)) throw new Error("The URL of the database is not a URL");
  return { url, schema: new URL(url).searchParams.get("schema") ?? "public" };
}

/** How any of our clients connects. */
export function connectionTo({ url }: Server): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: "classwire",
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  };
}

/** Prepares a new connection for hot statements, which are short. */
export async function beginSession(client: pg.ClientBase, server: Server): Promise<void> {
  await set(client, server, STATEMENT_TIMEOUT_MS);
}

/** Prepares a new connection for a migration, which may take its time. */
export async function beginMigrationSession(client: pg.ClientBase, server: Server): Promise<void> {
  await set(client, server, NO_TIMEOUT);
}

/** SET instead of connection options, which poolers such as PgBouncer refuse. */
async function set(client: pg.ClientBase, server: Server, statementTimeoutMs: number): Promise<void> {
  await client.query(
    [
      // Prisma's adapter writes and reads timestamps as if the session were in UTC, ours reads ISO in UTC.
      "SET TimeZone = 'UTC'",
      "SET DateStyle = 'ISO'",
      `SET search_path = ${pg.escapeIdentifier(server.schema)}`,
      // A prepared statement's generic plan knows neither how large a table has grown nor how long the arrays are.
      "SET plan_cache_mode = force_custom_plan",
      `SET statement_timeout = ${statementTimeoutMs}`,
      `SET idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_TIMEOUT_MS}`,
    ].join(";"),
  );
}
