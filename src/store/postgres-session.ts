// What every connection to a PostgreSQL server has in common: limits that keep a frozen server from holding us, and settings.
import pg from "pg";
import { UnusableError } from "./errors.ts";

/** How long a connection may take to be made, or to become free in the pool, in ms. */
export const CONNECT_TIMEOUT_MS = 3_000;
/** The server gives up on a statement after this long … */
const STATEMENT_TIMEOUT_MS = 4_000;
/** … and we give up on the server shortly after, for a frozen one says nothing. */
export const QUERY_TIMEOUT_MS = 4_500;
/** A node that freezes within a transaction must not keep its row locks for ever. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** The first version that has everything we use (`gen_random_uuid`). */
const OLDEST = 130_000;
/** What pg makes of `sslmode`; it takes any other word for the strictest one. */
const SSL_MODES = ["disable", "prefer", "require", "verify-ca", "verify-full", "no-verify"];

/** What pg, or we, read of the parameters of a URL. */
const PARAMETERS = new Set(
  (
    "schema host port user password application_name fallback_application_name client_encoding options ssl sslmode sslcert " +
    "sslkey sslrootcert sslnegotiation uselibpqcompat statement_timeout lock_timeout idle_in_transaction_session_timeout"
  ).split(" "),
);

/** A server and the schema in it that is ours. */
export interface Server {
  readonly url: string;
  readonly schema: string;
  /** Where it is, for messages: `host:port`, or the directory of its socket. */
  readonly at: string;
  /** Parameters of the URL that nobody reads. */
  readonly unread: readonly string[];
}

/** Takes the schema out of the URL, where Prisma's URLs have it. @throws UnusableError (without the URL, which has a password) */
export function serverOf(text: string): Server {
  if (!URL.canParse(text)) throw new UnusableError("it is not a URL", true);
  const parsed = new URL(text);
  const mode = parsed.searchParams.get("sslmode");
  if (mode !== null && !SSL_MODES.includes(mode)) {
    throw new UnusableError(`sslmode is ${JSON.stringify(mode)}; allowed: ${SSL_MODES.join(", ")}`, true);
  }
  const url = parsed.href; // pg misreads one in which something is percent-encoded and something else is not
  const { host, port } = clientOf({ url });
  if (!(port > 0 && port < 65_536)) throw new UnusableError("its port is not a number from 1 to 65535", true);
  return {
    url,
    schema: parsed.searchParams.get("schema") ?? "public",
    at: host.startsWith("/") ? host : `${host}:${port}`,
    unread: [...parsed.searchParams.keys()].filter((name) => !PARAMETERS.has(name)),
  };
}

function clientOf(server: Pick<Server, "url">): pg.Client {
  try {
    return new pg.Client(connectionTo(server));
  } catch (error) {
    throw new UnusableError(error instanceof Error ? error.message : String(error), true, error); // e.g. no such sslrootcert
  }
}

/** How any of our clients connects. */
export function connectionTo({ url }: Pick<Server, "url">): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: "classwire",
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  };
}

/** What a new connection has to be asked first. */
interface Session {
  pid: number;
  version: number;
  schema: string | null;
}

/** Looks whether the server behind a new connection is new enough. @throws UnusableError */
export async function checkVersion(client: pg.ClientBase): Promise<void> {
  await sessionOf(client);
}

/**
 * Prepares a new connection for hot statements, which are short. It goes through a pooler, as PgBouncer, if the process that was
 * announced is not the one that answers: there each statement outside of a transaction may run in another session. Behind one, the settings would be those of anybody who
 * gets the session next: TimeZone and DateStyle alone are said, which poolers keep apart, the others have to be the role's.
 * @returns whether it goes through a pooler
 * @throws UnusableError for a server that is too old, and for a pooler that leads to another schema
 */
export async function beginSession(client: pg.ClientBase, server: Server): Promise<boolean> {
  const { pid, schema } = await sessionOf(client);
  const pooled = pid !== announced(client);
  // Prisma's adapter writes and reads timestamps as if the session were in UTC, ours reads ISO in UTC.
  await client.query("SET TimeZone = 'UTC'; SET DateStyle = 'ISO'");
  if (!pooled) await client.query(settings("SET", server));
  else if (schema !== server.schema) throw new UnusableError(wrongSchema(server), true);
  return pooled;
}

/** Begins the transaction of a migration, which may take its time, and waits for the lock of whoever migrates no longer than `lockTimeoutMs`. */
export async function beginMigration(client: pg.ClientBase, server: Server, lockTimeoutMs: number): Promise<void> {
  await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
  await client.query(
    `${settings("SET LOCAL", server)}; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = ${lockTimeoutMs}`,
  );
}

function settings(set: "SET" | "SET LOCAL", { schema }: Server): string {
  return [
    `search_path = ${pg.escapeIdentifier(schema)}`,
    // A prepared statement's generic plan knows neither how large a table has grown nor how long the arrays are.
    "plan_cache_mode = force_custom_plan",
    `statement_timeout = ${STATEMENT_TIMEOUT_MS}`,
    `idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_TIMEOUT_MS}`,
  ]
    .map((setting) => `${set} ${setting}`) // instead of connection options, which poolers refuse
    .join("; ");
}

async function sessionOf(client: pg.ClientBase): Promise<Session> {
  const { rows } = await client.query<Session>(
    `SELECT pg_backend_pid() AS pid, current_setting('server_version_num')::int AS version, current_schema()::text AS schema`,
  );
  const [session] = rows;
  if (session === undefined || session.version < OLDEST) throw new UnusableError(tooOld(session?.version ?? 0), true);
  return session;
}

/** The process that the other side says it is; pg keeps it for cancelling. */
function announced(client: pg.ClientBase): number | null {
  return (client as unknown as { processID: number | null }).processID;
}

/** @param version as `server_version_num` has it */
export function tooOld(version: number): string {
  const name = version < 100_000 ? `9.${Math.floor(version / 100) % 100}` : Math.floor(version / 10_000);
  return `PostgreSQL ${name} is too old: ${OLDEST / 10_000} or later is needed`;
}

function wrongSchema({ schema, at }: Server): string {
  const setting = `ALTER ROLE … SET search_path = ${pg.escapeIdentifier(schema)}`;
  return `the connection pooler at ${at} does not lead to the schema ${schema}: ${setting}, and restart the pooler`;
}
