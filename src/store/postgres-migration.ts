// The connection over which a PostgreSQL server is migrated: one of its own, so that the lock is held and let go for sure.
import pg from "pg";
import { type MigrationConnection, migrate } from "./migrate.ts";
import { refused } from "./postgres-faults.ts";
import { beginMigration, checkVersion, connectionTo, type Server } from "./postgres-session.ts";
import { withTimeout } from "./timeout.ts";

/** How long a starting node waits for the migration of another one. */
const LOCK_TIMEOUT_MS = 60_000;
/** How long a statement of a migration may take before the server counts as frozen. */
const STATEMENT_TIMEOUT_MS = 600_000;
/** A server that freezes at the end of a migration is not waited for: the connection dies with the process. */
const END_TIMEOUT_MS = 2_000;
/** The key of the advisory lock that Prisma's own engine takes for the same purpose. */
const LOCK_KEY = 72_707_369;

/** Applies the migrations that the server lacks. @throws UnusableError; Error of one line, see `migrate` */
export async function migrateServer(server: Server): Promise<void> {
  const client = new pg.Client({ ...connectionTo(server), query_timeout: STATEMENT_TIMEOUT_MS });
  // A connection that breaks rejects the query that is under way; there is nobody else to tell.
  client.on("error", () => undefined);
  try {
    await connect(client, server);
    await migrate(connectionOver(client, server));
  } finally {
    await withTimeout(END_TIMEOUT_MS, client.end(), "timeout").catch(() => undefined);
  }
}

async function connect(client: pg.Client, server: Server): Promise<void> {
  try {
    await client.connect();
    await checkVersion(client);
  } catch (error) {
    throw refused(error, server.at);
  }
}

function connectionOver(client: pg.Client, server: Server): MigrationConnection {
  return {
    query: async (sql, parameters) => (await client.query({ text: sql, values: [...parameters] })).rows,
    script: async (sql) => {
      await client.query(sql);
    },
    begin: async () => {
      await beginMigration(client, server, LOCK_TIMEOUT_MS);
      await client.query("SELECT pg_advisory_xact_lock($1)", [LOCK_KEY]).catch((error: unknown) => {
        throw new Error("Another node has been migrating the database for a minute and is not done", { cause: error });
      });
      await client.query("SET LOCAL lock_timeout = 0");
      if (server.schema !== "public") {
        await client.query(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(server.schema)}`);
      }
    },
  };
}
