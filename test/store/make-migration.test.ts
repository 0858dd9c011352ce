// The script that makes new migrations, on a copy of the project's.
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, vi } from "vitest";

// Each run makes a database of its own, which takes 5 s where nothing else is going on.
vi.setConfig({ testTimeout: 180_000 });

const root = fileURLToPath(new URL("../..", import.meta.url));
const project = mkdtempSync(join(tmpdir(), "classwire-migration-"));
const migrations = join(project, "prisma", "migrations");
const schema = join(project, "prisma", "schema.prisma");
beforeAll(() => cpSync(join(root, "prisma"), join(project, "prisma"), { recursive: true }));
afterAll(() => rmSync(project, { recursive: true, force: true }));

const make = (...parameters: string[]) =>
  promisify(execFile)(process.execPath, [join(root, "scripts", "make-migration.mjs"), ...parameters]);

it("makes what brings the migrations to the schema, and nothing when they are there", async () => {
  const before = readdirSync(migrations);
  writeFileSync(schema, readFileSync(schema, "utf8").replace("  value String\n", "  value String\n  note  String?\n"));
  await make("add_note", project);
  const [added = ""] = readdirSync(migrations).filter((name) => !before.includes(name));
  expect(added).toMatch(/^\d{14}_add_note$/);
  expect(readFileSync(join(migrations, added, "migration.sql"), "utf8")).toBe(
    '-- AlterTable\nALTER TABLE "settings" ADD COLUMN     "note" TEXT;\n',
  );
  const made = readdirSync(migrations);
  expect((await make("again", project)).stdout).toMatch(/nothing to do/);
  expect(readdirSync(migrations)).toEqual(made);
});

it("says how it is used", async () => {
  await expect(make()).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Usage: npm run db:migration"),
  });
  await expect(make("No Such", project)).rejects.toMatchObject({ code: 1 });
});
