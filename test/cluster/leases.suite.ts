// What every implementation of leases does on one node.
import { expect, it } from "vitest";
import type { Cluster } from "../../src/cluster/cluster.ts";
import type { LeaseChange } from "../../src/cluster/leases.ts";
import { eventually } from "../support/eventually.ts";
import { displaceActive } from "./active-holder.ts";
import { uniqueKey } from "./unique-key.ts";

/** Hears what happens to one key. */
const changesOf = (cluster: Cluster, key: string): string[] => {
  const heard: string[] = [];
  cluster.leases.onChange((change: LeaseChange) => {
    if (change.key === key) heard.push(`${change.holder} ${change.state}`);
  });
  return heard;
};

/** Runs over the cluster that `cluster` returns. */
export const leasesSuite = (cluster: () => Cluster): void => {
  it("lets the newest win, with a higher counter each time, and tells the one before", async () => {
    const { leases, node } = cluster();
    const key = uniqueKey("user");
    const heard = changesOf(cluster(), key);
    const first = await leases.take(key, "a");
    const second = await leases.take(key, "b");
    expect(first).toEqual({ ok: true, counter: expect.any(Number) });
    expect(second).toEqual({ ok: true, counter: expect.any(Number), displaced: { holder: "a", node } });
    expect(first.ok && second.ok && second.counter > first.counter).toBe(true);
    await eventually(() => expect(heard).toEqual(["a displaced"]));
    expect(await displaceActive(leases, key)).toBe("b");
  });

  it("goes on counting after the key was free", async () => {
    const { leases } = cluster();
    const key = uniqueKey("user");
    const first = await leases.take(key, "a");
    await leases.release(key, "a");
    const second = await leases.take(key, "b");
    expect(first.ok && second.ok && second.counter > first.counter).toBe(true);
    expect(second).not.toHaveProperty("displaced");
  });

  it("keeps a displaced holder waiting that asked for it, and promotes the newest", async () => {
    const { leases } = cluster();
    const key = uniqueKey("user");
    const heard = changesOf(cluster(), key);
    for (const holder of ["a", "b", "c"]) await leases.take(key, holder, { waiting: 4 });
    await leases.release(key, "c");
    await eventually(() => expect(heard).toEqual(["a waiting", "b waiting", "b active"]));
    await leases.release(key, "b");
    await eventually(() => expect(heard).toEqual(["a waiting", "b waiting", "b active", "a active"]));
    expect(await displaceActive(leases, key)).toBe("a");
  });

  it("promotes nobody when a waiting holder goes", async () => {
    const { leases } = cluster();
    const key = uniqueKey("user");
    const heard = changesOf(cluster(), key);
    for (const holder of ["a", "b", "c"]) await leases.take(key, holder, { waiting: 4 });
    await leases.release(key, "b");
    await leases.release(key, "c");
    await eventually(() => expect(heard).toEqual(["a waiting", "b waiting", "a active"]));
    expect(await displaceActive(leases, key)).toBe("a");
  });

  it("refuses a newcomer when the waiting list is full, and changes nothing", async () => {
    const { leases } = cluster();
    const key = uniqueKey("user");
    const heard = changesOf(cluster(), key);
    for (const holder of ["a", "b", "c"]) await leases.take(key, holder, { waiting: 2 });
    expect(await leases.take(key, "d", { waiting: 2 })).toEqual({ ok: false });
    await leases.release(key, "a");
    expect(await leases.take(key, "d", { waiting: 2 })).toMatchObject({ ok: true, displaced: { holder: "c" } });
    await eventually(() => expect(heard).toEqual(["a waiting", "b waiting", "c waiting"]));
  });

  it("always lets a newcomer in that does not wait; the oldest waiting one makes room", async () => {
    const { leases } = cluster();
    const key = uniqueKey("user");
    const heard = changesOf(cluster(), key);
    for (const holder of ["a", "b", "c"]) await leases.take(key, holder, { waiting: 2 });
    expect((await leases.take(key, "d")).ok).toBe(true);
    await leases.take(key, "e");
    await eventually(() =>
      expect(heard).toEqual(["a waiting", "b waiting", "c waiting", "a displaced", "d displaced"]),
    );
    await leases.release(key, "e");
    expect(await displaceActive(leases, key)).toBe("c");
  });

  it("makes a holder that takes again the newest", async () => {
    const { leases } = cluster();
    const key = uniqueKey("user");
    await leases.take(key, "a", { waiting: 1 });
    await leases.take(key, "b", { waiting: 1 });
    const again = await leases.take(key, "a", { waiting: 1 });
    expect(again).toMatchObject({ ok: true, displaced: { holder: "b" } });
    expect(await displaceActive(leases, key)).toBe("a");
  });

  it("tells nothing before the take of the holder concerned has been answered", async () => {
    const { leases } = cluster();
    const key = uniqueKey("user");
    const order: string[] = [];
    leases.onChange((change) => change.key === key && order.push(`${change.holder} ${change.state}`));
    const holders = Array.from({ length: 50 }, (_, index) => `h${index}`);
    await Promise.all(holders.map((holder) => leases.take(key, holder).then(() => order.push(`${holder} taken`))));
    await eventually(() => expect(order).toHaveLength(99));
    for (const line of order.filter((one) => one.endsWith("displaced"))) {
      expect(order.indexOf(line)).toBeGreaterThan(order.indexOf(line.replace("displaced", "taken")));
    }
  });

  it("leaves exactly one of 200 racing holders", async () => {
    const { leases } = cluster();
    const key = uniqueKey("user");
    const heard = changesOf(cluster(), key);
    const holders = Array.from({ length: 200 }, (_, index) => `h${index}`);
    const taken = await Promise.all(holders.map((holder) => leases.take(key, holder)));
    const counters = taken.map((answer) => (answer.ok ? answer.counter : -1));
    expect(new Set(counters).size).toBe(200);
    await eventually(() => expect(heard).toHaveLength(199));
    expect(await displaceActive(leases, key)).toBe(`h${counters.indexOf(Math.max(...counters))}`);
  });

  it("loses no release that comes before the take has been answered", async () => {
    const { leases } = cluster();
    const key = uniqueKey("user");
    await leases.take(key, "old", { waiting: 1 });
    await Promise.all([leases.take(key, "new", { waiting: 1 }), leases.release(key, "new")]);
    expect(await displaceActive(leases, key)).toBe("old");
  });
};
