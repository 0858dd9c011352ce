// What every implementation of slots does on one node.

import { expect, it } from "vitest";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { living } from "./living.ts";
import { uniqueKey } from "./unique-key.ts";

/** Runs over the cluster that `cluster` returns. */
export const placesSuite = (cluster: () => Cluster): void => {
  it("gives slots up to the limit and then names who holds them", async () => {
    const { slots, node } = cluster();
    const key = uniqueKey("user");
    expect(await slots.take(key, "a", 2)).toEqual({ ok: true });
    expect(await slots.take(key, "b", 2)).toEqual({ ok: true });
    const refused = await slots.take(key, "c", 2);
    expect(refused).toEqual({
      ok: false,
      holders: expect.arrayContaining([
        { holder: "a", node },
        { holder: "b", node },
      ]),
    });
    expect(await living(slots, key)).toBe(2);
  });

  it("gives a place again after it was given back", async () => {
    const { slots } = cluster();
    const key = uniqueKey("user");
    await slots.take(key, "a", 1);
    await slots.release(key, "a");
    expect(await living(slots, key)).toBe(0);
    expect(await slots.take(key, "b", 1)).toEqual({ ok: true });
  });

  it("counts a holder once, however often it asks, also when the key is full", async () => {
    const { slots } = cluster();
    const key = uniqueKey("user");
    await slots.take(key, "a", 1);
    expect(await slots.take(key, "a", 1)).toEqual({ ok: true });
    expect(await living(slots, key)).toBe(1);
  });

  it("ignores a release by somebody without a place", async () => {
    const { slots } = cluster();
    const key = uniqueKey("user");
    await slots.take(key, "a", 1);
    await slots.release(key, "b");
    expect(await living(slots, key)).toBe(1);
  });

  it("loses no release that comes before the take has been answered", async () => {
    const { slots } = cluster();
    const key = uniqueKey("user");
    const taken = slots.take(key, "a", 1);
    const released = slots.release(key, "a");
    await Promise.all([taken, released]);
    expect(await living(slots, key)).toBe(0);
  });

  it("never gives more than the limit, whatever races", async () => {
    const { slots } = cluster();
    const key = uniqueKey("user");
    const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => slots.take(key, `h${index}`, 5)));
    expect(answers.filter((answer) => answer.ok)).toHaveLength(5);
    expect(await living(slots, key)).toBe(5);
  });

  it("keeps keys and holders apart whatever characters they have", async () => {
    const { slots } = cluster();
    const key = uniqueKey('用户:a b\u0000"{}%');
    expect(await slots.take(key, "x:\u0000y", 1)).toEqual({ ok: true });
    const refused = await slots.take(key, "z", 1);
    expect(refused.ok ? [] : refused.holders.map((held) => held.holder)).toEqual(["x:\u0000y"]);
    expect(await slots.take(`${key}:`, "z", 1)).toEqual({ ok: true });
    await slots.release(key, "x:\u0000y");
    expect(await living(slots, key)).toBe(0);
  });
};
