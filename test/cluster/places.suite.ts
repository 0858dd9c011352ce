// What every implementation of places does on one node.
import { expect, it } from "vitest";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { uniqueKey } from "./unique-key.ts";

/** Runs over the cluster that `cluster` returns. */
export const placesSuite = (cluster: () => Cluster): void => {
  it("gives places up to the limit and then names who holds them", async () => {
    const { places, node } = cluster();
    const key = uniqueKey("user");
    expect(await places.take(key, "a", 2)).toEqual({ ok: true });
    expect(await places.take(key, "b", 2)).toEqual({ ok: true });
    const refused = await places.take(key, "c", 2);
    expect(refused).toEqual({
      ok: false,
      holders: expect.arrayContaining([
        { holder: "a", node },
        { holder: "b", node },
      ]),
    });
    expect(await places.count(key)).toBe(2);
  });

  it("gives a place again after it was given back", async () => {
    const { places } = cluster();
    const key = uniqueKey("user");
    await places.take(key, "a", 1);
    await places.release(key, "a");
    expect(await places.count(key)).toBe(0);
    expect(await places.take(key, "b", 1)).toEqual({ ok: true });
  });

  it("counts a holder once, however often it asks, also when the key is full", async () => {
    const { places } = cluster();
    const key = uniqueKey("user");
    await places.take(key, "a", 1);
    expect(await places.take(key, "a", 1)).toEqual({ ok: true });
    expect(await places.count(key)).toBe(1);
  });

  it("ignores a release by somebody without a place", async () => {
    const { places } = cluster();
    const key = uniqueKey("user");
    await places.take(key, "a", 1);
    await places.release(key, "b");
    expect(await places.count(key)).toBe(1);
  });

  it("loses no release that comes before the take has been answered", async () => {
    const { places } = cluster();
    const key = uniqueKey("user");
    const taken = places.take(key, "a", 1);
    const released = places.release(key, "a");
    await Promise.all([taken, released]);
    expect(await places.count(key)).toBe(0);
  });

  it("never gives more than the limit, whatever races", async () => {
    const { places } = cluster();
    const key = uniqueKey("user");
    const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => places.take(key, `h${index}`, 5)));
    expect(answers.filter((answer) => answer.ok)).toHaveLength(5);
    expect(await places.count(key)).toBe(5);
  });

  it("keeps keys and holders apart whatever characters they have", async () => {
    const { places } = cluster();
    const key = uniqueKey('用户:a b\u0000"{}%');
    expect(await places.take(key, "x:\u0000y", 1)).toEqual({ ok: true });
    const refused = await places.take(key, "z", 1);
    expect(refused.ok ? [] : refused.holders.map((held) => held.holder)).toEqual(["x:\u0000y"]);
    expect(await places.take(`${key}:`, "z", 1)).toEqual({ ok: true });
    await places.release(key, "x:\u0000y");
    expect(await places.count(key)).toBe(0);
  });
};
