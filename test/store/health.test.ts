// A database that answers but takes nothing, as a standby: its store is not up.
import { afterAll, beforeAll, expect, it } from "vitest";
import { openMemory } from "../../src/store/embedded.ts";
import { withHealth } from "../../src/store/health.ts";
import type { Store } from "../../src/store/store.ts";
import { eventually } from "../support/eventually.ts";

let database: Store;
beforeAll(async () => {
  database = await openMemory();
});
afterAll(() => database.close());

/** A write that the database may do, or not. */
const write = (store: Store, readOnly: "on" | "off") =>
  store.query("SELECT set_config('transaction_read_only', $1, true), nextval('quiz_results_id_seq')", [readOnly]);

it("is down from a write that is refused to one that is not", async () => {
  const store = withHealth(database);
  await expect(write(store, "on")).rejects.toMatchObject({ code: "25006" });
  await expect(store.ping()).rejects.toThrow("cannot do what it is asked for");
  await store.query("SELECT 1", []);
  await expect(store.ping()).rejects.toThrow("cannot do what it is asked for");
  await write(store, "off");
  await store.ping();
});

it("is up again after a while when nobody tries, and not down for a statement that is wrong", async () => {
  const forgetful = withHealth(database, 100);
  await expect(write(forgetful, "on")).rejects.toThrow();
  await eventually(() => forgetful.ping().then(() => true), { what: "the failure being forgotten" });
  await expect(forgetful.query("SELECT 1 / 0", [])).rejects.toThrow();
  await forgetful.ping();
});
