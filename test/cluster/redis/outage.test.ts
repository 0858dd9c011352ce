// Redis itself dies, freezes, comes back empty, or throws its clients out.

import { createClient } from "redis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRedisCluster, type RedisCluster } from "../../../src/cluster/redis/redis-cluster.ts";
import { eventually } from "../../support/eventually.ts";
import { type Redis, startRedis } from "../../support/redis.ts";
import { displaceActive } from "../active-holder.ts";
import { living } from "../living.ts";
import { uniqueKey } from "../unique-key.ts";
import { type Node, openNode, range, up } from "./nodes.ts";

const down = (...nodes: RedisCluster[]) =>
  eventually(() => nodes.every((node) => node.health().redis === "down"), { what: "every node noticing" });

describe("without Redis", () => {
  let redis: Redis;
  let one: Node;
  let other: Node;

  beforeEach(async () => {
    redis = await startRedis();
    [one, other] = await Promise.all([openNode(redis.url), openNode(redis.url)]);
  });
  afterEach(async () => {
    await Promise.all([one.close(), other.close()]);
    await redis.stop();
  });

  it.each([
    ["that was killed and comes back empty", () => redis.stop(), () => redis.restart()],
    ["that was frozen", async () => redis.pause(), async () => redis.resume()],
  ])("%s: each node decides alone, and afterwards all limits are right again", async (_, stop, start) => {
    const key = uniqueKey("user");
    await one.slots.take(key, "a", 3);
    await other.slots.take(key, "b", 3);
    await one.presence.enter(key, "ann", "1");
    await other.presence.enter(key, "bob", "2");
    await stop();
    await down(one, other);
    expect(await one.slots.take(key, "c", 3)).toEqual({ ok: true });
    expect(await one.slots.take(key, "d", 3)).toEqual({ ok: true });
    expect(await one.slots.take(key, "e", 3)).toMatchObject({ ok: false });
    expect(await one.presence.members(key)).toEqual(["ann"]);
    await one.presence.leave(key, "ann", "1");
    await other.presence.enter(key, "eve", "3");
    await start();
    await up(one, other);
    expect(await living(other.slots, key)).toBe(4);
    expect(await other.slots.take(key, "f", 4)).toMatchObject({ ok: false });
    await eventually(async () => (await one.presence.members(key)).join() === "bob,eve");
    await one.slots.release(key, "a");
    expect(await other.slots.take(key, "f", 4)).toEqual({ ok: true });
  });

  it("both nodes give out one lease, and afterwards the newest holder has it and the others know", async () => {
    const key = uniqueKey("user");
    const heard: string[] = [];
    for (const node of [one, other]) node.leases.onChange((change) => heard.push(`${change.holder} ${change.state}`));
    const before = await one.leases.take(key, "before", { waiting: 4 });
    await redis.stop();
    await down(one, other);
    await one.leases.take(key, "older", { waiting: 4 });
    const then = Date.now();
    await eventually(() => Date.now() > then, { everyMs: 1 }); // apart, two nodes can only go by the clock
    const newer = await other.leases.take(key, "newer");
    expect(before.ok && newer.ok && newer.counter > before.counter).toBe(true);
    await redis.restart();
    await up(one, other);
    await eventually(() => expect(heard.sort()).toEqual(["before waiting", "older waiting"]));
    const after = await one.leases.take(key, "after");
    expect(after).toMatchObject({ ok: true, displaced: { holder: "newer", node: other.node } });
    expect(newer.ok && after.ok && after.counter > newer.counter).toBe(true);
    await one.leases.release(key, "after");
    await eventually(() => heard.includes("older active"));
  });

  it("a waiting lease stays waiting while its active one is on its way back, and follows if that never comes", async () => {
    const [stays, goes] = [uniqueKey("user"), uniqueKey("user")];
    const heard: string[] = [];
    one.leases.onChange((change) => heard.push(`${change.key} ${change.state}`));
    for (const key of [stays, goes]) await one.leases.take(key, "waits", { waiting: 4 });
    for (const key of [stays, goes]) await other.leases.take(key, "active", { waiting: 4 });
    await eventually(() => heard.length === 2);
    heard.length = 0;
    await redis.stop();
    await down(one, other);
    await other.leases.release(goes, "active");
    await redis.restart();
    await up(one, other);
    await eventually(() => expect(heard).toEqual([`${goes} active`]));
    expect(await displaceActive(one.leases, stays)).toBe("active");
  });

  it("calls that are under way when it freezes are answered before long", async () => {
    redis.pause();
    const begun = performance.now();
    const rule = { name: "test-frozen", points: 2, seconds: 60 };
    const answers = await Promise.all([
      one.slots.take("user", "a", 1),
      one.leases.take("user", "a"),
      one.presence.enter("room", "ann", "1"),
      one.presence.members("room"),
      one.rates.take(rule, "user"),
      one.bus.nodes(),
    ]);
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(answers[0]).toEqual({ ok: true });
    expect(answers[1]).toMatchObject({ ok: true });
    expect(answers[4]).toEqual({ ok: true, retryAfterMs: 0 });
    redis.resume();
    await up(one);
    expect(await other.slots.take("user", "b", 1)).toMatchObject({ ok: false, holders: [{ holder: "a" }] });
    expect(await other.leases.take("user", "b")).toMatchObject({ displaced: { holder: "a", node: one.node } });
  });

  it("rates are counted per node, exactly", async () => {
    const rule = { name: "test-alone", points: 5, seconds: 60 };
    await redis.stop();
    await down(one, other);
    const taken = await Promise.all(range(20).map(() => one.rates.take(rule, "user")));
    expect(taken.filter((answer) => answer.ok)).toHaveLength(5);
    await one.rates.giveBack(rule, "user");
    expect((await one.rates.take(rule, "user")).ok).toBe(true);
    expect((await one.rates.take(rule, "user")).ok).toBe(false);
  });

  it("nothing queues up, however much is published", async () => {
    redis.pause();
    await down(one);
    const { publisher, adapterPublisher, health } = one.clients;
    const [bytes, dropped] = [publisher.inFlightBytes(), one.counts.dropped];
    for (const index of range(20_000)) {
      one.bus.publish("test", { index, text: "x".repeat(100) });
      adapterPublisher.publish("socket.io#/#", "x".repeat(100));
    }
    expect(await adapterPublisher.sendCommand(["PUBSUB", "NUMSUB", "channel"])).toEqual(["channel", "1"]);
    // Each message of the adapter, and the messages of the bus in one or more batches.
    await eventually(() => one.counts.dropped - dropped > 20_000);
    expect(publisher.inFlightBytes()).toBe(bytes);
    expect(health.inFlight()).toBe(0);
    redis.resume();
    await up(one);
    await eventually(() => publisher.inFlightBytes() === 0);
  });

  it("connections that are killed 20 times under load cost nobody a place, a lease or a message for good", async () => {
    const admin = await createClient({ url: redis.url })
      .on("error", () => undefined)
      .connect();
    const key = uniqueKey("user");
    let heard = 0;
    let again = 0;
    other.bus.subscribe("test", () => {
      heard += 1;
    });
    other.bus.onReconnect(() => {
      again += 1;
    });
    const holders = new Set<string>();
    for (const round of range(20)) {
      await up(one, other);
      const work = range(50).map(async (index) => {
        const holder = `${round}-${index}`;
        await one.slots.take(key, holder, 10_000);
        await one.presence.enter(key, `m${index}`, holder);
        one.bus.publish("test", holder);
        if (index % 2 === 0) {
          await one.presence.leave(key, `m${index}`, holder);
          await one.slots.release(key, holder);
        } else holders.add(holder);
      });
      await admin.sendCommand(["CLIENT", "KILL", "TYPE", round % 2 === 0 ? "normal" : "pubsub", "SKIPME", "yes"]);
      await Promise.all(work);
    }
    await up(one, other);
    await eventually(async () => (await living(other.slots, key)) === holders.size);
    await eventually(async () => (await other.presence.size(key)).connections === holders.size);
    expect((await other.presence.members(key)).length).toBe(25);
    expect(again).toBeGreaterThan(0);
    const before = heard;
    one.bus.publish("test", "after all");
    await eventually(() => heard > before);
    admin.destroy();
  });

  it("a lease change whose message was lost is told with the next refresh", async () => {
    const admin = await createClient({ url: redis.url })
      .on("error", () => undefined)
      .connect();
    const heard: string[] = [];
    one.leases.onChange((change) => heard.push(`${change.holder} ${change.state}`));
    let isLost = false;
    for (let attempt = 0; !isLost; attempt++) {
      const key = uniqueKey("user");
      await one.leases.take(key, `old ${attempt}`);
      await admin.sendCommand(["CLIENT", "KILL", "TYPE", "pubsub"]);
      await other.leases.take(key, "new");
      isLost = !one.clients.subscriber.isReady(); // else it was back before the message went out
      await eventually(() => expect(heard).toContain(`old ${attempt} displaced`));
      await up(one, other);
    }
    admin.destroy();
  });

  it("the scripts that it has forgotten are loaded again", async () => {
    const admin = await createClient({ url: redis.url }).connect();
    await admin.sendCommand(["SCRIPT", "FLUSH"]);
    const taken = await Promise.all(range(50).map((index) => one.slots.take("user", `h${index}`, 10)));
    expect(taken.filter((answer) => answer.ok)).toHaveLength(10);
    await up(one);
    expect(await living(other.slots, "user")).toBe(10);
    admin.destroy();
  });

  it("everything that was flushed is written back", async () => {
    const admin = await createClient({ url: redis.url }).connect();
    await one.slots.take("user", "a", 1);
    await one.leases.take("user", "a");
    await admin.flushAll();
    await eventually(async () => (await admin.hLen("classwire:slot:user")) === 1);
    await up(one, other);
    expect(await other.slots.take("user", "b", 1)).toMatchObject({ ok: false });
    expect(await other.leases.take("user", "b")).toMatchObject({ displaced: { holder: "a" } });
    admin.destroy();
  });

  it("a node starts, decides alone, and joins when there is one", async () => {
    await redis.stop();
    const late = createRedisCluster({ url: redis.url, prefix: "classwire" });
    expect(await late.slots.take("user", "a", 1)).toEqual({ ok: true });
    expect(late.health()).toEqual({ redis: "down" });
    await redis.restart();
    await up(late, one);
    expect(await one.slots.take("user", "b", 1)).toMatchObject({
      ok: false,
      holders: [{ holder: "a", node: late.node }],
    });
    await late.close();
  });
});
