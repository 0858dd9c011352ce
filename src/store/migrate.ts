// The migration runner: what `prisma migrate deploy` does, without the engine binary that closed networks cannot fetch.
import { randomUUID } from "node:crypto";
import { type Migration, matchesChecksum, readMigrations } from "./migrations.ts";

/** A connection of its own to the database, for the time of the migration. */
export interface MigrationConnection {
  /** Runs one statement with `$1` … bound. */
  query<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]>;
  /** Runs any number of statements without parameters. */
  script(sql: string): Promise<void>;
  /**
   * Begins a transaction that holds Prisma's advisory lock until it ends; rejects when another node keeps the lock for too long.
   * A lock of the session would be one of whichever connection a pooler gives the next statement.
   */
  begin(): Promise<void>;
}

/** The table as Prisma's own engine creates it. */
const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id" VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum" VARCHAR(64) NOT NULL,
  "finished_at" TIMESTAMPTZ,
  "migration_name" VARCHAR(255) NOT NULL,
  "logs" TEXT,
  "rolled_back_at" TIMESTAMPTZ,
  "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count" INTEGER NOT NULL DEFAULT 0
)`;

interface Recorded {
  migration_name: string;
  checksum: string;
  finished: boolean;
}

/**
 * Applies the migrations that the database lacks, each as a whole or not at all, and records them where Prisma does.
 * Any number of nodes may call it at once. Migrations that we do not know are left alone: a newer version may have put them
 * there while it is being rolled out.
 * @returns the names of those applied now
 * @throws Error of one line: a recorded migration was changed or has failed, or one fails now (and leaves nothing behind)
 */
export async function migrate(connection: MigrationConnection, migrations?: Migration[]): Promise<string[]> {
  const known = migrations ?? (await readMigrations());
  await connection.begin();
  const applied = await applyPending(connection, known).catch(async (error: unknown) => {
    await connection.script("COMMIT").catch(() => undefined); // what was applied before the one that failed
    throw error;
  });
  await connection.script("COMMIT");
  return applied;
}

async function applyPending(connection: MigrationConnection, known: readonly Migration[]): Promise<string[]> {
  await connection.script(MIGRATIONS_TABLE);
  const recorded = await connection.query<Recorded>(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished
       FROM "_prisma_migrations" WHERE rolled_back_at IS NULL`,
    [],
  );
  const pending = known.filter((migration) => isPending(migration, recorded));
  for (const migration of pending) await apply(connection, migration);
  return pending.map((migration) => migration.name);
}

function isPending(migration: Migration, recorded: Recorded[]): boolean {
  const rows = recorded.filter((row) => row.migration_name === migration.name);
  for (const row of rows) {
    if (!row.finished) {
      throw new Error(
        `Migration ${migration.name} has failed in this database: repair it with "prisma migrate resolve"`,
      );
    }
    if (!matchesChecksum(migration, row.checksum)) {
      throw new Error(`Migration ${migration.name} was changed after it had been applied to this database`);
    }
  }
  return rows.length === 0;
}

async function apply(connection: MigrationConnection, migration: Migration): Promise<void> {
  await connection.script("SAVEPOINT migration");
  try {
    await connection.script(migration.sql);
    await connection.query(
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, statement_timestamp(), clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
    await connection.script("RELEASE SAVEPOINT migration");
  } catch (error) {
    await connection.script("ROLLBACK TO SAVEPOINT migration").catch((failed: unknown) => {
      throw new Error(`Migration ${migration.name} failed: ${describe(error)}; the rollback too: ${describe(failed)}`);
    });
    throw new Error(`Migration ${migration.name} failed: ${describe(error)}`, { cause: error });
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
