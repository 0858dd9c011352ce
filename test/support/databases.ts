// Tests over every kind of database: in memory, embedded in a directory, PostgreSQL; each new and empty for its suite.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { openStore, type Store, type StoreConfig } from "../../src/store/store.ts";
import { createDatabase } from "./shared.ts";

/** A database that a test file has to itself. */
export interface TestDatabase {
  /** The stores of two nodes: on PostgreSQL two, on an embedded database, which has one connection, one and the same. */
  readonly stores: readonly [Store, Store];
  /** Closes both, opens the database again and returns its store; undefined where nothing is kept. */
  reopen(): Promise<Store | undefined>;
  /** Closes everything that was opened and removes the files. */
  remove(): Promise<void>;
}

/** A kind of database. */
export type DatabaseKind = StoreConfig["kind"];

const KINDS = ["memory", "embedded", "postgres"] as const satisfies readonly StoreConfig["kind"][];

/**
 * Describes `<title> on <kind>` for every kind of database. The database is there from `beforeAll` on and is removed after the
 * suite's own `afterAll`.
 */
export function describeDatabases(title: string, suite: (database: TestDatabase, kind: DatabaseKind) => void): void {
  describe.each(KINDS)(`${title} on %s`, (kind) => {
    let made: TestDatabase | undefined;
    const database = (): TestDatabase => {
      if (made === undefined) throw new Error("the database is there from beforeAll on");
      return made;
    };
    beforeAll(async () => {
      made = await makeDatabase(kind);
    });
    afterAll(async () => {
      await made?.remove();
    });
    suite(
      {
        get stores() {
          return database().stores;
        },
        reopen: () => database().reopen(),
        remove: () => database().remove(),
      },
      kind,
    );
  });
}

/** Makes a database of a kind, for a test that needs one more; remove it when done. */
export async function makeDatabase(kind: StoreConfig["kind"]): Promise<TestDatabase> {
  const dir = await mkdtemp(join(tmpdir(), "classwire-log-"));
  const config = await configOf(kind, dir);
  const first = await openStore(config);
  const second = kind === "postgres" ? await openStore(config) : first;
  const opened = [first, second];
  return {
    stores: [first, second],
    async reopen() {
      await Promise.all(opened.map((store) => store.close()));
      if (kind === "memory") return undefined;
      const store = await openStore(config);
      opened.push(store);
      return store;
    },
    async remove() {
      await Promise.all(opened.map((store) => store.close()));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function configOf(kind: StoreConfig["kind"], dir: string): Promise<StoreConfig> {
  if (kind === "postgres") return { kind, url: await createDatabase() };
  return kind === "embedded" ? { kind, dir } : { kind };
}
