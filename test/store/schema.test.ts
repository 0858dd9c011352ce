// That what the migration runner makes is what Prisma's own schema engine would make, and that each goes on after the other.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PGlite, type QueryOptions } from "@electric-sql/pglite";
import { PrismaPg } from "@prisma/adapter-pg";
import { Client, types } from "pg";
import { PrismaPGlite } from "pglite-prisma-adapter";
import { afterAll, describe, expect, it, vi } from "vitest";
import { deploy, diagnose, missingFrom, openSchemaEngine } from "../../scripts/schema-engine.mjs";
import { openStore } from "../../src/store/store.ts";
import { createDatabase } from "../support/shared.ts";

// The engine is compiled from 3 MB of WebAssembly, and databases are made: on a loaded machine that takes its time.
vi.setConfig({ testTimeout: 120_000 });

const root = fileURLToPath(new URL("../..", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "classwire-schema-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const inSync = { editedMigrationNames: [], failedMigrationNames: [], hasMigrationsTable: true, history: null };
const columns = `SELECT column_name, data_type, character_maximum_length, is_nullable, column_default
  FROM information_schema.columns WHERE table_name = '_prisma_migrations' ORDER BY ordinal_position`;

describe("a PostgreSQL server", () => {
  it("that we have migrated is as schema.prisma says, and Prisma finds nothing to do", async () => {
    const url = await createDatabase();
    await (await openStore({ kind: "postgres", url })).close();
    const engine = await openSchemaEngine(root, describable(url));
    expect(await missingFrom(engine, root)).toBeNull();
    expect(await diagnose(engine, root)).toEqual(inSync);
    expect(await deploy(engine, root)).toEqual([]);
  });

  it("that Prisma has migrated is taken as it is, with the same table of migrations", async () => {
    const [url, ours] = await Promise.all([createDatabase(), createDatabase()]);
    const engine = await openSchemaEngine(root, new PrismaPg(url));
    expect((await deploy(engine, root)).length).toBeGreaterThan(0);
    const theirs = await openStore({ kind: "postgres", url });
    const own = await openStore({ kind: "postgres", url: ours });
    try {
      expect(theirs.history.epoch).toMatch(/^[0-9a-f-]{36}$/);
      expect(await own.query(columns, [])).toEqual(await theirs.query(columns, []));
    } finally {
      await Promise.all([theirs.close(), own.close()]);
    }
  });

  it("that lacks something would be noticed", async () => {
    const url = await createDatabase();
    const store = await openStore({ kind: "postgres", url });
    await store.query("ALTER TABLE settings DROP COLUMN value", []);
    await store.close();
    const engine = await openSchemaEngine(root, describable(url));
    expect(await missingFrom(engine, root)).toContain('ALTER TABLE "settings" ADD COLUMN     "value" TEXT NOT NULL');
  });
});

describe("an embedded database", () => {
  it("that we have migrated is as schema.prisma says, and Prisma finds nothing to do", async () => {
    await (await openStore({ kind: "embedded", dir: home })).close();
    const database = await PGlite.create(join(home, "pglite"));
    try {
      const engine = await openSchemaEngine(root, new PrismaPGlite(database));
      expect(await missingFrom(engine, root)).toBeNull();
      expect(await diagnose(engine, root)).toEqual(inSync);
    } finally {
      await database.close();
    }
  });
});

/**
 * A PostgreSQL server through the adapter of PGlite: Prisma's own (7.10.0) cannot read the columns of type "char" in the
 * catalogues, which the engine looks at to describe a schema.
 */
function describable(url: string): PrismaPGlite {
  const query: PGlite["query"] = async <T>(text: string, values?: unknown[], options?: QueryOptions) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      const parserOf = (type: number) => options?.parsers?.[type] ?? types.getTypeParser(type);
      const result = await client.query({
        text,
        values: values ?? [],
        rowMode: "array",
        types: { getTypeParser: parserOf },
      });
      return { rows: result.rows as unknown[] as T[], fields: result.fields, affectedRows: result.rowCount ?? 0 };
    } finally {
      await client.end();
    }
  };
  return new PrismaPGlite({ query } as PGlite);
}
