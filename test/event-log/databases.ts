// The three kinds of database over which the log and the services are tested, each new and empty for a test file.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore, type Store, type StoreConfig } from "../../src/store/store.ts";
import { createDatabase } from "../support/shared.ts";

/** A database that a test file has to itself. */
export interface TestDatabase {
  /** The stores of two nodes: on PostgreSQL two, on an embedded database, which has one connection, one and the same. */
  readonly stores: readonly [Store, Store];
  /** Closes both, opens the database again and returns its store; undefined where nothing is kept. */
  reopen(): Promise<Store | undefined>;
  /** Closes everything that was opened and removes the files. */
  remove(): Promise<void>;
}

/** The kinds, for `describe.each`. */
export const KINDS = ["memory", "embedded", "postgres"] as const satisfies readonly StoreConfig["kind"][];

/** Makes a database of a kind. */
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
