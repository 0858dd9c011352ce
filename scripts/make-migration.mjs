// Makes the migration that brings the database from prisma/migrations to prisma/schema.prisma: npm run db:migration -- <name>
// @ts-check
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";
import { PrismaPGlite } from "pglite-prisma-adapter";
import { migrationsOf, missingFrom, openSchemaEngine } from "./schema-engine.mjs";

const [name = "", directory] = process.argv.slice(2);
/** Another directory may be named for the sake of the tests. */
const root = resolve(directory ?? fileURLToPath(new URL("..", import.meta.url)));

if (!/^[a-z0-9_]{1,80}$/.test(name)) {
  console.error("Usage: npm run db:migration -- <name of lower-case letters, digits and _>");
  process.exit(1);
}

// An empty database that gets all migrations there are; the new one is what it lacks then.
const database = await PGlite.create();
for (const { migrationFile } of migrationsOf(root).migrationDirectories)
  await database.exec(migrationFile.content.value);
const sql = await missingFrom(await openSchemaEngine(root, new PrismaPGlite(database)), root);
await database.close();

if (sql === null) {
  console.log("The migrations already lead to prisma/schema.prisma: nothing to do.");
} else {
  const now = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  const target = join(root, "prisma", "migrations", `${now}_${name}`);
  mkdirSync(target);
  writeFileSync(join(target, "migration.sql"), sql);
  console.log(`${relative(process.cwd(), target)}/migration.sql: read it before you commit it.`);
}
process.exit(0);
