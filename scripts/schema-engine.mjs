// Prisma's schema engine as WebAssembly from the npm registry, for networks that cannot fetch its binary from elsewhere.
// @ts-check
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import * as bindings from "@prisma/schema-engine-wasm/schema_engine_bg";

/** @typedef {import("@prisma/client/runtime/client").SqlDriverAdapterFactory} AdapterFactory */
/** @typedef {import("@prisma/schema-engine-wasm").SchemaEngine} SchemaEngine */
/** @typedef {{ instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: object } }> }} Assembly */
/** @typedef {typeof import("@prisma/schema-engine-wasm") & { __wbg_set_wasm(exports: object): void }} Bindings */

const require = createRequire(import.meta.url);
/** Node has it, the types of Node have not. */
const assembly = /** @type {{ WebAssembly: Assembly }} */ (/** @type {unknown} */ (globalThis)).WebAssembly;
/** Nothing in our databases belongs to somebody else. */
const filters = { externalTables: [], externalEnums: [] };

/** Once per process: the bindings know one instance only. */
const Engine = await load();

/** The package's own entry imports its .wasm file as a module, which Node 20 cannot. */
async function load() {
  const wasm = readFileSync(join(dirname(require.resolve("@prisma/schema-engine-wasm")), "schema_engine_bg.wasm"));
  const { instance } = await assembly.instantiate(wasm, { "./schema_engine_bg.js": { ...bindings } });
  const exports = /** @type {{ __wbindgen_start(): void }} */ (/** @type {unknown} */ (instance.exports));
  const { __wbg_set_wasm, SchemaEngine } = /** @type {Bindings} */ (/** @type {unknown} */ (bindings));
  __wbg_set_wasm(exports);
  exports.__wbindgen_start();
  return SchemaEngine;
}

/**
 * @param {string} root the project
 * @param {AdapterFactory} database that the engine works on
 * @returns {Promise<SchemaEngine>}
 */
export async function openSchemaEngine(root, database) {
  const datamodels = /** @type {[string, string][]} */ ([["schema.prisma", schemaText(root)]]);
  return Engine.new({ datamodels }, () => undefined, await bound(database));
}

/**
 * What would have to be done to the engine's database, so that it is as prisma/schema.prisma says.
 * @param {SchemaEngine} engine
 * @param {string} root the project
 * @returns {Promise<string | null>} SQL; null when there is nothing to do
 */
export async function missingFrom(engine, root) {
  const files = [{ path: "schema.prisma", content: schemaText(root) }];
  const { exitCode, stdout } = await engine.diff({
    from: { tag: "schemaDatasource", files, configDir: root },
    to: { tag: "schemaDatamodel", files },
    script: true,
    exitCode: true,
    filters,
  });
  return exitCode === 0 ? null : stdout;
}

/**
 * @param {SchemaEngine} engine
 * @param {string} root the project
 * @returns what Prisma finds wrong with the migrations recorded in the engine's database
 */
export function diagnose(engine, root) {
  return engine.diagnoseMigrationHistory({ migrationsList: migrationsOf(root), optInToShadowDatabase: false, filters });
}

/**
 * `prisma migrate deploy`
 * @param {SchemaEngine} engine
 * @param {string} root the project
 * @returns {Promise<string[]>} the migrations that were lacking
 */
export async function deploy(engine, root) {
  return (await engine.applyMigrations({ migrationsList: migrationsOf(root), filters })).appliedMigrationNames;
}

/**
 * @param {string} root the project
 * @returns {import("@prisma/schema-engine-wasm").MigrationList} its migrations in order, as the engine wants them
 */
export function migrationsOf(root) {
  const baseDir = join(root, "prisma", "migrations");
  const directories = readdirSync(baseDir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return {
    baseDir,
    lockfile: { path: "migration_lock.toml", content: readFileSync(join(baseDir, "migration_lock.toml"), "utf8") },
    shadowDbInitScript: "",
    migrationDirectories: directories
      .map(({ name }) => name)
      .sort()
      .map((path) => ({
        path,
        migrationFile: {
          path: "migration.sql",
          content: { tag: "ok", value: readFileSync(join(baseDir, path, "migration.sql"), "utf8") },
        },
      })),
  };
}

/** @param {string} root the project */
function schemaText(root) {
  return readFileSync(join(root, "prisma", "schema.prisma"), "utf8");
}

/**
 * What the engine takes: errors as values. The function is in a package of Prisma's that its adapters depend on.
 * @param {AdapterFactory} database
 */
async function bound(database) {
  const path = createRequire(require.resolve("@prisma/adapter-pg")).resolve("@prisma/driver-adapter-utils");
  const { bindMigrationAwareSqlAdapterFactory } = await import(pathToFileURL(path).href);
  const connectToShadowDb = () => Promise.reject(new Error("There is no shadow database"));
  return bindMigrationAwareSqlAdapterFactory({ ...database, connect: () => database.connect(), connectToShadowDb });
}
