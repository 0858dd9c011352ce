// Nodes that die, are cut off, or freeze: what was theirs becomes free, and comes back with them.

import { fileURLToPath } from "node:url";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RedisCluster } from "../../../src/cluster/redis/redis-cluster.ts";
import type { Timing } from "../../../src/cluster/redis/timing.ts";
import { type Child, startChild } from "../../support/child.ts";
import { eventually } from "../../support/eventually.ts";
import { type Redis, startRedis } from "../../support/redis.ts";
import { displaceActive } from "../active-holder.ts";
import { living } from "../living.ts";
import { uniqueKey } from "../unique-key.ts";
import { type Cable, FAST, openNode, startCable, up } from "./nodes.ts";

const CHILD = fileURLToPath(new URL("./node.child.ts", import.meta.url));

describe("a node", () => {
  let redis: Redis | undefined;
  let url = "";
  let cleanups: (() => unknown)[] = [];
  const open = async (timing?: Partial<Timing>, at = url): Promise<RedisCluster> => {
    const cluster = await openNode(at, timing);
    cleanups.push(() => cluster.close());
    return cluster;
  };
  const openOnCable = async (): Promise<{ node: RedisCluster; cable: Cable }> => {
    const cable = await startCable(Number(new URL(url).port));
    cleanups.push(() => cable.close());
    return { cable, node: await open(FAST, cable.url) };
  };
  const startNode = async (key: string, timing: Partial<Timing>, waiting = 0): Promise<Child> => {
    const args = ["--import", "tsx", CHILD, url, JSON.stringify(timing), key, String(waiting)];
    const child = startChild(process.execPath, args);
    cleanups.push(async () => {
      child.kill("SIGKILL");
      await child.exited;
    });
    await child.line(/^has /, 20_000);
    return child;
  };

  beforeAll(async () => {
    redis = await startRedis();
    url = redis.url;
  });
  afterAll(() => redis?.stop());
  afterEach(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
    cleanups = [];
  });

  it("that is killed loses everything within 15 s, at production's intervals, and one node alone tells of it", async () => {
    const [one, other] = [await open({}), await open({})];
    const key = uniqueKey("user");
    await one.leases.take(key, "waits", { waiting: 4 });
    const heard: string[] = [];
    one.leases.onChange((change) => heard.push(`${change.holder} ${change.state}`));
    const child = await startNode(key, {});
    const gone: string[] = [];
    for (const node of [one, other]) {
      node.presence.onGone(({ group, member }) => group === key && gone.push(`${group} ${member}`));
    }
    await eventually(() => heard.length === 1 && heard[0] === "waits waiting");
    child.kill("SIGKILL");
    const killed = performance.now();
    await child.exited;
    await eventually(() => heard[1] === "waits active", { timeoutMs: 16_000 });
    await eventually(() => gone.length > 0, { timeoutMs: 16_000 });
    expect(performance.now() - killed).toBeLessThan(15_000);
    expect(await living(one.slots, key)).toBe(0);
    expect(await other.presence.size(key)).toEqual({ connections: 0, members: 0 });
    expect(await displaceActive(other.leases, key)).toBe("waits");
    expect(gone).toEqual([`${key} ann`]);
  });

  it("that stops leaves its users present for a while: who comes back elsewhere has never been away, of others one node tells", async () => {
    const timing = { ...FAST, lingerMs: 1000 };
    const [one, other, going] = [await open(timing), await open(timing), await openNode(url, timing)];
    const key = uniqueKey("room");
    const gone: string[] = [];
    for (const node of [one, other]) {
      node.presence.onGone(({ group, member }) => group === key && gone.push(member));
    }
    await going.presence.enter(key, "leaves", "1");
    await going.presence.enter(key, "returns", "2");
    await going.close();
    expect(await one.presence.members(key)).toEqual(["leaves", "returns"]);
    expect(await one.bus.nodes()).not.toContain(going.node);
    expect(await one.presence.enter(key, "returns", "3")).toEqual({ first: false, members: 2 });
    await eventually(() => gone.length > 0);
    expect(await other.presence.members(key)).toEqual(["returns"]);
    expect(await other.presence.leave(key, "returns", "3")).toEqual({ last: false, members: 1 }); // it is the other's
    expect(await one.presence.leave(key, "returns", "3")).toEqual({ last: true, members: 0 });
    expect(gone).toEqual(["leaves"]);
  });

  it("that is cut off decides alone, counts as dead, and gets its entries back with its line", async () => {
    const other = await open();
    const { node, cable } = await openOnCable();
    const key = uniqueKey("user");
    await node.slots.take(key, "a", 2);
    await node.presence.enter(key, "ann", "1");
    cable.cut();
    await eventually(() => node.health().redis === "down");
    expect(await node.slots.take(key, "b", 2)).toEqual({ ok: true });
    expect((await node.slots.take(key, "c", 2)).ok).toBe(false);
    expect(await node.presence.members(key)).toEqual(["ann"]);
    expect(await node.bus.nodes()).toEqual([node.node]);
    await eventually(async () => (await living(other.slots, key)) === 0);
    await eventually(async () => (await other.presence.members(key)).length === 0);
    expect(await other.bus.nodes()).not.toContain(node.node);
    cable.heal();
    await up(node);
    expect(await living(other.slots, key)).toBe(2);
    expect((await other.slots.take(key, "d", 2)).ok).toBe(false);
    expect(await other.presence.members(key)).toEqual(["ann"]);
    expect(await other.bus.nodes()).toContain(node.node);
  });

  it("that gave things back while it was cut off has not got them afterwards, and their leave is told once", async () => {
    const other = await open();
    const { node, cable } = await openOnCable();
    const key = uniqueKey("user");
    const gone: string[] = [];
    for (const one of [node, other]) one.presence.onGone(({ group, member }) => gone.push(`${group} ${member}`));
    await node.slots.take(key, "a", 2);
    await node.leases.take(key, "a");
    await node.presence.enter(key, "ann", "1");
    cable.cut();
    await eventually(() => node.health().redis === "down");
    await node.slots.release(key, "a");
    await node.leases.release(key, "a");
    expect(await node.presence.leave(key, "ann", "1")).toEqual({ last: true, members: 0 });
    cable.heal();
    await up(node);
    await eventually(() => expect(gone).toEqual([`${key} ann`]));
    expect(await living(other.slots, key)).toBe(0);
    expect(await other.presence.members(key)).toEqual([]);
    expect(await other.leases.take(key, "b")).not.toHaveProperty("displaced");
  });

  it("that was cut off learns that a newer holder has taken its lease", async () => {
    const other = await open();
    const { node, cable } = await openOnCable();
    const [lost, kept] = [uniqueKey("user"), uniqueKey("user")];
    const heard: string[] = [];
    node.leases.onChange((change) => heard.push(`${change.key} ${change.holder} ${change.state}`));
    await node.leases.take(lost, "old");
    await node.leases.take(kept, "old", { waiting: 4 });
    cable.cut();
    await eventually(() => node.health().redis === "down");
    await other.leases.take(lost, "new");
    await other.leases.take(kept, "new", { waiting: 4 });
    expect(heard).toEqual([]);
    cable.heal();
    await up(node);
    await eventually(() => expect(heard.sort()).toEqual([`${kept} old waiting`, `${lost} old displaced`].sort()));
    expect(await displaceActive(node.leases, lost)).toBe("new");
    await other.leases.release(kept, "new");
    await eventually(() => heard.includes(`${kept} old active`));
  });

  it("that was cut off and took the newest lease wins it when it is back", async () => {
    const other = await open();
    const { node, cable } = await openOnCable();
    const key = uniqueKey("user");
    const heard: string[] = [];
    other.leases.onChange((change) => heard.push(`${change.holder} ${change.state}`));
    await other.leases.take(key, "old");
    cable.cut();
    await eventually(() => node.health().redis === "down");
    const alone = await node.leases.take(key, "new");
    expect(alone).toEqual({ ok: true, counter: expect.any(Number) });
    cable.heal();
    await up(node);
    await eventually(() => expect(heard).toEqual(["old displaced"]));
    const next = await other.leases.take(key, "newest");
    expect(next).toMatchObject({ ok: true, displaced: { holder: "new", node: node.node } });
    expect(next.ok && alone.ok && next.counter > alone.counter).toBe(true);
  });

  it("that was frozen for longer than the others wait is registered again when it wakes", async () => {
    const other = await open();
    const key = uniqueKey("user");
    const child = await startNode(key, FAST, 4);
    child.kill("SIGSTOP");
    await eventually(async () => (await other.presence.members(key)).length === 0);
    expect(await living(other.slots, key)).toBe(0);
    await other.leases.take(key, "newer");
    child.kill("SIGCONT");
    await child.line(/^lease waiting/);
    await eventually(async () => (await living(other.slots, key)) === 1);
    await eventually(async () => (await other.presence.members(key)).length === 1);
    await other.leases.release(key, "newer");
    await child.line(/^lease active/);
  });

  it("that closes gives everything back at once, and promotes who waits elsewhere", async () => {
    const [one, other] = [await open(), await open()];
    const key = uniqueKey("user");
    const heard: string[] = [];
    one.leases.onChange((change) => heard.push(`${change.holder} ${change.state}`));
    await one.leases.take(key, "waits", { waiting: 4 });
    await other.leases.take(key, "active", { waiting: 4 });
    await other.slots.take(key, "a", 1);
    await other.close();
    expect(await one.slots.take(key, "b", 1)).toEqual({ ok: true });
    await eventually(() => expect(heard).toEqual(["waits waiting", "waits active"]));
  });

  it("keeps its entries for as long as it lives, and leaves nothing for ever when all nodes die", async () => {
    const own = await startRedis();
    const cable = await startCable(own.port);
    cleanups.push(
      () => own.stop(),
      () => cable.close(),
    );
    const node = await open({ ...FAST, keepMs: 2_500 }, cable.url);
    const admin = await createClient({ url: own.url }).connect();
    cleanups.push(() => admin.destroy());
    const key = uniqueKey("user");
    await node.slots.take(key, "a", 1);
    await node.leases.take(key, "a");
    await node.presence.enter(key, "ann", "1");
    await node.rates.take({ name: "test-expiry", points: 1, seconds: 1 }, key);
    const begun = performance.now();
    const names = ["slot", "lease", "present", "members"].map((kind) => `classwire:${kind}:${key}`);
    await eventually(async () => {
      expect(await admin.exists(names)).toBe(names.length);
      return performance.now() - begun > 4_000;
    });
    cable.cut();
    await eventually(async () => expect(await admin.keys("classwire:*")).toEqual([]), { timeoutMs: 15_000 });
  });
});
