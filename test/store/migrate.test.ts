// The migration runner against a real database that gets into every state that a table of migrations can be in.

import { createHash } from "node:crypto";
import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type MigrationConnection, migrate } from "../../src/store/migrate.ts";
import { type Migration, matchesChecksum, readMigrations } from "../../src/store/migrations.ts";

let database: PGlite;
let connection: MigrationConnection;

beforeAll(async () => {
  database = await PGlite.create();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.exec("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  connection = {
    query: async <Row>(sql: string, parameters: readonly unknown[]) =>
      (await database.query<Row>(sql, [...parameters])).rows,
    script: async (sql) => void (await database.exec(sql)),
    begin: async () => void (await database.exec("BEGIN")),
  };
});

const migration = (name: string, sql: string): Migration => ({ name, sql, checksum: sha256(sql) });
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const first = migration("1_first", "CREATE TABLE one (id int);\nINSERT INTO one VALUES (1);\n");
const second = migration("2_second", "INSERT INTO one VALUES (2);");
const third = migration("3_third", "INSERT INTO one VALUES (3);");

const numbers = async () =>
  (await database.query<{ id: number }>("SELECT id FROM one ORDER BY id")).rows.map((r) => r.id);
const recorded = async () =>
  (await database.query<{ n: string }>("SELECT migration_name AS n FROM _prisma_migrations ORDER BY started_at")).rows;

/** Whether its transaction, and so the lock, has ended: another one of ours is a new one. */
const isOver = async () => {
  const transaction = async () =>
    (await database.query<{ id: string }>("SELECT pg_current_xact_id()::text AS id")).rows;
  const first = await transaction();
  return first[0]?.id !== (await transaction())[0]?.id;
};

describe("migrate", () => {
  it("applies what is lacking, in order, under the lock", async () => {
    expect(await migrate(connection, [first, second])).toEqual([first.name, second.name]);
    expect(await migrate(connection, [first, second])).toEqual([]);
    expect(await migrate(connection, [first, second, third])).toEqual([third.name]);
    expect(await numbers()).toEqual([1, 2, 3]);
    expect(await isOver()).toBe(true);
  });

  it("leaves nothing of a migration that fails, stops there, and can be repeated", async () => {
    const bad = migration("2_bad", "INSERT INTO one VALUES (2);\nINSERT INTO nowhere VALUES (1);");
    await expect(migrate(connection, [first, bad, third])).rejects.toThrow(
      /^Migration 2_bad failed: relation "nowhere" does not exist$/,
    );
    expect(await numbers()).toEqual([1]);
    expect(await recorded()).toEqual([{ n: first.name }]);
    expect(await isOver()).toBe(true);
    expect(await migrate(connection, [first, second, third])).toEqual([second.name, third.name]);
  });

  it("refuses a migration that was changed after it had been applied", async () => {
    await migrate(connection, [first]);
    const changed = migration(first.name, "CREATE TABLE one (id bigint);");
    await expect(migrate(connection, [changed, second])).rejects.toThrow(
      "Migration 1_first was changed after it had been applied to this database",
    );
    expect(await numbers()).toEqual([1]);
    expect(await isOver()).toBe(true);
  });

  it("refuses a database in which one has failed, until that is resolved", async () => {
    await migrate(connection, [first]);
    await database.exec(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', '${second.checksum}', '${second.name}')`,
    );
    await expect(migrate(connection, [first, second])).rejects.toThrow(
      "Migration 2_second has failed in this database",
    );
    await database.exec("UPDATE _prisma_migrations SET rolled_back_at = now() WHERE id = 'x'");
    expect(await migrate(connection, [first, second])).toEqual([second.name]);
  });

  it("leaves alone what a newer version has applied", async () => {
    await migrate(connection, [first, second]);
    expect(await migrate(connection, [first])).toEqual([]);
    expect(await recorded()).toHaveLength(2);
  });

  it("takes a migration for the same whatever its line endings were", async () => {
    const windows = migration(first.name, first.sql.replaceAll("\n", "\r\n"));
    await migrate(connection, [windows]);
    expect(await migrate(connection, [first])).toEqual([]);
    expect(matchesChecksum(windows, first.checksum)).toBe(true);
    expect(matchesChecksum(second, first.checksum)).toBe(false);
  });
});

describe("readMigrations", () => {
  it("finds those of the package, in the order of their names", async () => {
    const names = (await readMigrations()).map(({ name }) => name);
    expect(names[0]).toMatch(/_init$/);
    expect(names).toEqual([...names].sort());
  });
});
