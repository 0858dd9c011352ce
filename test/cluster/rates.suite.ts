// What every implementation of rates does on one node.
import { expect, it } from "vitest";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { eventually } from "../support/eventually.ts";
import { uniqueKey } from "./unique-key.ts";

const MINUTE = { name: "test-attempts", points: 3, seconds: 60 };

/** Runs over the cluster that `cluster` returns. */
export const ratesSuite = (cluster: () => Cluster): void => {
  it("allows exactly so many points per window, whatever races", async () => {
    const { rates } = cluster();
    const rule = { name: "test-race", points: 50, seconds: 60 };
    const key = uniqueKey("user");
    const answers = await Promise.all(Array.from({ length: 200 }, () => rates.take(rule, key)));
    expect(answers.filter((answer) => answer.ok)).toHaveLength(50);
  });

  it("says when to come again", async () => {
    const { rates } = cluster();
    const key = uniqueKey("user");
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(await rates.take(MINUTE, key)).toEqual({ ok: true, retryAfterMs: 0 });
    }
    const refused = await rates.take(MINUTE, key);
    expect(refused.ok).toBe(false);
    expect(refused.retryAfterMs).toBeGreaterThan(50_000);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it("does not count what it refuses: one point given back is one point to take", async () => {
    const { rates } = cluster();
    const key = uniqueKey("user");
    for (let attempt = 0; attempt < 10; attempt++) await rates.take(MINUTE, key);
    await rates.giveBack(MINUTE, key);
    expect((await rates.take(MINUTE, key)).ok).toBe(true);
    expect((await rates.take(MINUTE, key)).ok).toBe(false);
  });

  it("gives nothing for giving back what was never taken", async () => {
    const { rates } = cluster();
    const key = uniqueKey("user");
    for (let time = 0; time < 5; time++) await rates.giveBack(MINUTE, key);
    const answers = await Promise.all(Array.from({ length: 5 }, () => rates.take(MINUTE, key)));
    expect(answers.filter((answer) => answer.ok)).toHaveLength(3);
  });

  it("says whether all points are taken, and takes none for it", async () => {
    const { rates } = cluster();
    const key = uniqueKey("user");
    const spent: boolean[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      spent.push(await rates.isSpent(MINUTE, key));
      expect((await rates.take(MINUTE, key)).ok).toBe(true);
    }
    expect([...spent, await rates.isSpent(MINUTE, key)]).toEqual([false, false, false, true]);
    await rates.giveBack(MINUTE, key);
    expect(await rates.isSpent(MINUTE, key)).toBe(false);
    // A question opens no window either.
    const rule = { name: "test-asked", points: 1, seconds: 1 };
    expect(await rates.isSpent(rule, key)).toBe(false);
    await rates.take(rule, key);
    await eventually(async () => !(await rates.isSpent(rule, key)), { timeoutMs: 5_000 });
  });

  it("keeps rules and keys apart", async () => {
    const { rates } = cluster();
    const [one, other] = [uniqueKey("user"), uniqueKey("user")];
    for (let attempt = 0; attempt < 4; attempt++) await rates.take(MINUTE, one);
    expect((await rates.take(MINUTE, other)).ok).toBe(true);
    expect((await rates.take({ ...MINUTE, name: "test-other" }, one)).ok).toBe(true);
  });

  it("opens again when the window is over, however often it has refused meanwhile", async () => {
    const { rates } = cluster();
    const rule = { name: "test-short", points: 2, seconds: 1 };
    const key = uniqueKey("user");
    const begun = performance.now();
    await rates.take(rule, key);
    await rates.take(rule, key);
    const before = await rates.take(rule, key);
    await eventually(async () => (await rates.take(rule, key)).ok, { timeoutMs: 5_000 });
    expect(performance.now() - begun).toBeGreaterThan(900);
    // A window that began with the first take ends a second after it, not a second after the last refusal.
    expect(before.ok || before.retryAfterMs <= 1_000).toBe(true);
    expect((await rates.take(rule, key)).ok).toBe(true);
  });

  it("refuses everything where nothing is allowed", async () => {
    const { rates } = cluster();
    const answer = await rates.take({ name: "test-none", points: 0, seconds: 5 }, uniqueKey("user"));
    expect(answer.ok).toBe(false);
    expect(answer.retryAfterMs).toBeGreaterThan(0);
  });
};
