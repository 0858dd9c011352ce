// Where a PostgreSQL server stands: which server it is, on which line of its history, and whether it takes writes.
import { ReadOnlyError } from "./errors.ts";
import type { Origin } from "./history.ts";
import type { Server } from "./postgres-session.ts";
import type { RunStatement } from "./run-statement.ts";

interface Row {
  recovery: boolean;
  database: string;
  system: string | null;
  line: string | null;
  events: number | null;
}

/**
 * The name of a WAL file begins with the timeline. A table that was dropped and restored has another oid. Both functions of
 * PostgreSQL are open to everyone there; some services have taken them away, then {@link LESS} has to do.
 */
const ORIGIN = `
SELECT pg_is_in_recovery() AS recovery, current_database()::text AS database,
       (SELECT system_identifier::text FROM pg_control_system()) AS system,
       CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS line,
       to_regclass('channel_events')::oid::int8 AS events`;
const LESS = `
SELECT pg_is_in_recovery() AS recovery, current_database()::text AS database, NULL AS system, NULL AS line,
       to_regclass('channel_events')::oid::int8 AS events`;

/** SQLSTATEs of a function that one may not call, or that is not there. */
const WITHHELD = new Set(["42501", "42883", "0A000"]);

/**
 * Asks the server where it stands.
 * @throws ReadOnlyError when it is a standby: whoever is connected to one looks for the primary anew; the driver's error
 */
export async function originOf(query: RunStatement, { schema }: Pick<Server, "schema">): Promise<Origin> {
  const [row] = await query<Row>(ORIGIN, []).catch((error: unknown) => {
    if (!WITHHELD.has(String((error as { code?: unknown }).code))) throw error;
    return query<Row>(LESS, []);
  });
  if (row === undefined || row.recovery) throw new ReadOnlyError();
  const { database, system, line, events } = row;
  return { server: [system, database, schema].join("/"), line: [line, events].join("/") };
}
