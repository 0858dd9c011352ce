// The migrations that this version ships: prisma/migrations, read from the package's own directory.
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** One `prisma/migrations/<name>/migration.sql`. */
export interface Migration {
  /** The directory's name; they are applied in its order. */
  readonly name: string;
  readonly sql: string;
  /** Sha-256 of the file in hex, as Prisma computes it. */
  readonly checksum: string;
}

/** `prisma/migrations` of this package: two levels up both from `src/store` and from `dist/store`. */
export const MIGRATIONS_DIRECTORY = fileURLToPath(new URL("../../prisma/migrations/", import.meta.url));

/** Reads all migrations of a directory in order of their names. */
export async function readMigrations(directory: string = MIGRATIONS_DIRECTORY): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(`${directory}/${name}/migration.sql`, "utf8");
      return { name, sql, checksum: sha256(sql) };
    }),
  );
}

/**
 * Whether a recorded checksum is that of this migration, whatever line endings the file had when it was applied
 * (git may have changed them; Prisma is as lenient).
 */
export function matchesChecksum(migration: Migration, recorded: string): boolean {
  const unix = migration.sql.replaceAll("\r\n", "\n");
  return [migration.sql, unix, unix.replaceAll("\n", "\r\n")].some((sql) => sha256(sql) === recorded);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
