// That the embedded database is swept and its log cut, which nobody else does for it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tidyUp } from "../../src/store/pglite-maintenance.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { eventually } from "../support/eventually.ts";

let store: Store;
beforeAll(async () => {
  store = await openStore({ kind: "memory" });
});
afterAll(() => store.close());

async function one<T>(sql: string): Promise<T | undefined> {
  const [row] = await store.query<{ is: T }>(sql, []);
  return row?.is;
}
const deadRows = () => one<number>("SELECT n_dead_tup AS is FROM pg_stat_user_tables WHERE relname = 'run_sessions'");
const redo = () => one<string>("SELECT redo_lsn::text AS is FROM pg_control_checkpoint()");
const size = () => one<number>("SELECT pg_relation_size('run_sessions') AS is");
const fill = (prefix: string) =>
  store.query("INSERT INTO run_sessions SELECT $1::text || n, repeat('x', 500) FROM generate_series(1, 2000) n", [
    prefix,
  ]);

describe("tidyUp", () => {
  it("sweeps a table that many rows were deleted from, so that it does not grow for ever", async () => {
    await fill("a");
    const full = await size();
    await store.query("DELETE FROM run_sessions", []);
    await eventually(async () => expect(await deadRows()).toBe(2000)); // counted once a second
    await tidyUp(store.query);
    await eventually(async () => expect(await deadRows()).toBe(0));
    await fill("b");
    expect(await size()).toBeLessThanOrEqual(full ?? 0);
  });

  it("cuts a log that has become long, and only then", async () => {
    await tidyUp(store.query);
    const before = await redo();
    await tidyUp(store.query);
    expect(await redo()).toBe(before);
    // 17 MB of log without a table.
    await store.query(
      "SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000)) FROM generate_series(1, 17)",
      [],
    );
    await tidyUp(store.query);
    expect(await redo()).not.toBe(before);
  });
});
