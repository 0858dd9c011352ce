// What a store must be, whatever database is behind it; one suite of tests runs over all of them.
import type { PrismaClient } from "./generated/client.ts";
import type { History } from "./history.ts";
import type { RunStatement } from "./run-statement.ts";

/**
 * Which database to open: a PostgreSQL server by its `postgres://` URL (a `schema` query parameter names another schema
 * than `public`), an embedded one in a directory, or an embedded one that keeps nothing.
 */
export type StoreConfig = { kind: "postgres"; url: string } | { kind: "embedded"; dir: string } | { kind: "memory" };

/** What the store tells the operator; a `pino.Logger` is one. */
export interface StoreLog {
  warn(fields: object, message: string): void;
}

/** How a store is opened; what is said here concerns a server only. */
export interface StartOptions {
  /** Waits for a server that cannot be used now, instead of giving up at once. */
  readonly isPatient?: boolean;
  readonly logger?: StoreLog;
  /** How long what no waiting mends (a wrong password) is borne with by the patient, in milliseconds; a minute. */
  readonly lastingMs?: number;
}

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
  /** The hot path, past Prisma's query compiler. `isUnavailable` tells a database that is away from a statement that is wrong. */
  readonly query: RunStatement;
  /**
   * Resolves when the database has answered; rejects when it has not within 2 s, and while it cannot do what `query` asks for:
   * its disk is full, it only reads.
   */
  ping(): Promise<void>;
  /** Ends the connections and gives the directory back; what is under way may fail. Safe to call twice. */
  close(): Promise<void>;
}
