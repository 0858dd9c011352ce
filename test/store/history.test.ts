// The identity of a history: what begins a new epoch, and that all nodes come to the same one.
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, test } from "vitest";
import { type History, type Origin, openHistory } from "../../src/store/history.ts";
import { openStore } from "../../src/store/store.ts";
import { describeDatabases } from "../support/databases.ts";
import { eventually } from "../support/eventually.ts";

const AT_HOME: Origin = { server: "home", line: "1" };

describeDatabases("the history", (database) => {
  /** Opens it as a node would that finds the database at `origin.now`. */
  async function open(now: Origin): Promise<{ history: History; origin: { now: Origin }; heard: string[] }> {
    const origin = { now };
    const history = await openHistory(database.stores[0].query, async () => origin.now);
    const heard: string[] = [];
    history.onChange((epoch) => heard.push(epoch));
    return { history, origin, heard };
  }

  it("stays what it is while the database stays where it is", async () => {
    const one = await open(AT_HOME);
    const before = one.history.epoch;
    const two = await open(AT_HOME);
    await one.history.check();
    expect([two.history.epoch, two.history.identity]).toEqual([before, one.history.identity]);
    expect(one.heard).toEqual([]);
  });

  it("has another epoch on another line, and the same identity, on all nodes", async () => {
    const [one, two] = [await open(AT_HOME), await open(AT_HOME)];
    const { epoch, identity } = one.history;
    const moved = { ...AT_HOME, line: "2" };
    one.origin.now = moved;
    two.origin.now = moved;
    await Promise.all([one.history.check(), two.history.check()]);
    expect(one.history.epoch).not.toBe(epoch);
    expect(two.history.epoch).toBe(one.history.epoch);
    expect((await open(moved)).history).toMatchObject({ epoch: one.history.epoch, identity });
    expect([one.heard, two.heard]).toEqual([[one.history.epoch], [one.history.epoch]]);
  });

  it("that a new connection has found elsewhere is followed at once", async () => {
    const one = await open({ server: "home", line: "3" });
    one.origin.now = { server: "home", line: "4" };
    one.history.found(one.origin.now);
    await eventually(() => one.heard.length === 1);
  });

  it("is another deployment's where it was copied to", async () => {
    const one = await open({ server: "home", line: "5" });
    const copy = await open({ server: "elsewhere", line: "5" });
    expect(copy.history.epoch).not.toBe(one.history.epoch);
    expect(copy.history.identity).not.toBe(one.history.identity);
  });

  it("is renewed once, however many nodes find that something is gone", async () => {
    const home = { server: "elsewhere", line: "6" };
    const nodes = await Promise.all(Array.from({ length: 5 }, () => open(home)));
    const before = new Set(nodes.map(({ history }) => history.epoch));
    await Promise.all(nodes.map(({ history }) => history.renew()));
    const after = new Set(nodes.map(({ history }) => history.epoch));
    expect([before.size, after.size]).toEqual([1, 1]);
    expect(after).not.toEqual(before);
  });
});

test("an embedded database that is copied or restored from a copy has another epoch, one that is opened again has not", async () => {
  const home = await mkdtemp(join(tmpdir(), "classwire-copy-"));
  const epochOf = async (dir: string): Promise<string> => {
    const store = await openStore({ kind: "embedded", dir });
    await store.close();
    return store.history.epoch;
  };
  try {
    const first = await epochOf(join(home, "one"));
    expect(await epochOf(join(home, "one"))).toBe(first);
    await cp(join(home, "one"), join(home, "two"), { recursive: true });
    expect(await epochOf(join(home, "two"))).not.toBe(first);
    expect(await epochOf(join(home, "one"))).toBe(first);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
