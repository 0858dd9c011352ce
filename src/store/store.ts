// The database behind everything durable: one interface over PostgreSQL and the embedded PGlite.
import { openEmbedded, openMemory } from "./embedded.ts";
import type { PrismaClient } from "./generated/client.ts";
import { openPostgres } from "./postgres.ts";

/**
 * Which database to open: a PostgreSQL server by its `postgres://` URL (a `schema` query parameter names another schema
 * than `public`), an embedded one in a directory, or an embedded one that keeps nothing.
 */
export type StoreConfig = { kind: "postgres"; url: string } | { kind: "embedded"; dir: string } | { kind: "memory" };

/** An open database, migrated to the newest schema. */
export interface Store {
  /** Prisma's client. On the embedded kinds there is one connection: never use it inside one of its own interactive transactions. */
  readonly prisma: PrismaClient;
  /** The identity of this database, made with it: offsets of another epoch mean nothing here. */
  readonly epoch: string;
  /** What is behind it. */
  readonly kind: StoreConfig["kind"];
  /**
   * The hot path: runs one statement past Prisma's query engine, committed when the promise resolves (unless the statement
   * itself opens a transaction, which it must not). `$1` … are bound from `parameters`: strings, numbers, bigints, booleans,
   * null, `Date`, and arrays of these; JSON goes in as text (`$1::json`). In the rows bigint is a number (a bigint beyond
   * 2^53), numeric a string, timestamps are `Date`, json is parsed. Rejects with the driver's error; see `isUnavailable`.
   */
  query<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]>;
  /** Resolves when the database has answered; rejects when it has not within 2 s. */
  ping(): Promise<void>;
  /** Ends the connections and gives the directory back. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens a database and applies the migrations that it lacks. Rejects with a one-line error when it cannot be reached, when
 * its migrations do not match ours, or when another process holds the directory.
 */
export function openStore(config: StoreConfig): Promise<Store> {
  switch (config.kind) {
    case "postgres":
      return openPostgres(config.url);
    case "embedded":
      return openEmbedded(config.dir);
    case "memory":
      return openMemory();
  }
}
