// What a store must be, whatever database is behind it; one suite of tests runs over all of them.
import type { PrismaClient } from "./generated/client.ts";
import type { History } from "./history.ts";

/**
 * Which database to open: a PostgreSQL server by its `postgres://` URL (a `schema` query parameter names another schema
 * than `public`), an embedded one in a directory, or an embedded one that keeps nothing.
 */
export type StoreConfig = { kind: "postgres"; url: string } | { kind: "embedded"; dir: string } | { kind: "memory" };

/** Runs one statement, see {@link Store.query}. */
export type RunStatement = <Row>(sql: string, parameters: readonly unknown[]) => Promise<Row[]>;

/**
 * An open database with the newest schema. It MUST have on disk what it has acknowledged (except `memory`), MUST reject
 * rather than keep a caller waiting for a database that does not answer, and MUST recover by itself when that database
 * answers again. It MUST NOT end the process, whatever happens to the database.
 */
export interface Store {
  /** Prisma's client. Embedded there is one connection: inside an interactive transaction use nothing but its own client. */
  readonly prisma: PrismaClient;
  /** The identity behind the offsets, and what changes it. */
  readonly history: History;
  /** What is behind it. */
  readonly kind: StoreConfig["kind"];
  /**
   * The hot path, past Prisma's query compiler: runs one statement, which is committed when the promise resolves (so it
   * must not be BEGIN). `$1` … are bound from `parameters`: string, number, bigint, boolean, null, `Date`, `Uint8Array`,
   * arrays of these; any other object goes in as JSON text. Columns come back as number (int, float, and bigint up to
   * 2^53, beyond that as bigint), boolean, `Date` (timestamps), parsed JSON, `Uint8Array` (bytea), arrays of these, and
   * everything else as text (numeric too). Keep `sql` constant: the server prepares each text once per connection.
   * Rejects with the driver's error; `isUnavailable` tells a database that is away from a statement that is wrong.
   */
  readonly query: RunStatement;
  /**
   * Resolves when the database has answered; rejects when it has not within 2 s, and while it cannot do what `query` asks for:
   * its disk is full, it only reads.
   */
  ping(): Promise<void>;
  /** Ends the connections and gives the directory back; what is under way may fail. Safe to call twice. */
  close(): Promise<void>;
}
