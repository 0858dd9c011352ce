// Three nodes that race for the same things on one Redis.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RedisCluster } from "../../../src/cluster/redis/redis-cluster.ts";
import { eventually } from "../../support/eventually.ts";
import { sharedRedis } from "../../support/shared.ts";
import { displaceActive } from "../active-holder.ts";
import { living } from "../living.ts";
import { uniqueKey } from "../unique-key.ts";
import { openNode, range } from "./nodes.ts";

const ROUNDS = 10;
const RACERS = 200;

describe("three nodes", () => {
  let nodes: RedisCluster[] = [];
  const nodeOf = (racer: number): RedisCluster => {
    const node = nodes[racer % nodes.length];
    if (node === undefined) throw new Error("no nodes");
    return node;
  };

  beforeAll(async () => {
    const url = await sharedRedis();
    nodes = await Promise.all(range(3).map(() => openNode(url, {})));
  });
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.close()));
  });

  it("leave exactly one of 200 racing leases, the one with the highest counter, and tell all others", async () => {
    const told = new Map<string, string>();
    for (const node of nodes) node.leases.onChange(({ key, holder, state }) => told.set(`${key} ${holder}`, state));
    for (const _ of range(ROUNDS)) {
      const key = uniqueKey("user");
      const taken = await Promise.all(range(RACERS).map((racer) => nodeOf(racer).leases.take(key, `h${racer}`)));
      const counters = taken.map((answer) => (answer.ok ? answer.counter : -1));
      const winner = counters.indexOf(Math.max(...counters));
      expect(new Set(counters).size).toBe(RACERS);
      await eventually(() => {
        const displaced = range(RACERS).filter((racer) => told.get(`${key} h${racer}`) === "displaced");
        return expect(displaced).toEqual(range(RACERS).filter((racer) => racer !== winner));
      });
      expect(await displaceActive(nodeOf(0).leases, key)).toBe(`h${winner}`);
    }
  });

  it("never give more slots than there are, and name all holders with their nodes", async () => {
    for (const _ of range(ROUNDS)) {
      const key = uniqueKey("user");
      const taken = await Promise.all(range(RACERS).map((racer) => nodeOf(racer).slots.take(key, `h${racer}`, 5)));
      const holders = range(RACERS).filter((racer) => taken[racer]?.ok);
      expect(holders).toHaveLength(5);
      expect(await living(nodeOf(0).slots, key)).toBe(5);
      const refused = taken.find((answer) => !answer.ok);
      const expected = holders.map((racer) => ({ holder: `h${racer}`, node: nodeOf(racer).node }));
      expect(refused?.ok === false && refused.holders).toHaveLength(5);
      expect(refused).toEqual({ ok: false, holders: expect.arrayContaining(expected) });
      await Promise.all(range(RACERS).map((racer) => nodeOf(racer).slots.release(key, `h${racer}`)));
      expect(await living(nodeOf(1).slots, key)).toBe(0);
    }
  });

  it("keep at most four waiting, promote across nodes down to the last, and end empty", async () => {
    const key = uniqueKey("user");
    const active = new Set<string>();
    const stops = nodes.map((node) =>
      node.leases.onChange((change) => {
        if (change.key !== key) return;
        if (change.state === "active") active.add(change.holder);
        else active.delete(change.holder);
      }),
    );
    const taken = await Promise.all(
      range(RACERS).map((racer) => nodeOf(racer).leases.take(key, `h${racer}`, { waiting: 4 })),
    );
    const inside = range(RACERS).filter((racer) => taken[racer]?.ok);
    expect(inside).toHaveLength(5);
    const newestFirst = inside.sort((a, b) => counterOf(taken[b]) - counterOf(taken[a]));
    for (const [index, racer] of newestFirst.entries()) {
      await nodeOf(racer).leases.release(key, `h${racer}`);
      const next = newestFirst[index + 1];
      if (next !== undefined) await eventually(() => expect([...active]).toContain(`h${next}`));
      active.delete(`h${next}`);
    }
    const [first] = await Promise.all([nodeOf(0).leases.take(key, "fresh"), ...stops.map((stop) => stop())]);
    expect(first).not.toHaveProperty("displaced");
  });

  it("say first once and last once per member", async () => {
    for (const _ of range(ROUNDS)) {
      const group = uniqueKey("room");
      const ins = range(RACERS).map((racer) => nodeOf(racer).presence.enter(group, `m${racer % 10}`, `c${racer}`));
      expect((await Promise.all(ins)).filter((answer) => answer.first)).toHaveLength(10);
      expect(await nodeOf(2).presence.size(group)).toEqual({ connections: RACERS, members: 10 });
      const outs = range(RACERS).map((racer) => nodeOf(racer).presence.leave(group, `m${racer % 10}`, `c${racer}`));
      expect((await Promise.all(outs)).filter((answer) => answer.last)).toHaveLength(10);
      expect(await nodeOf(2).presence.members(group)).toEqual([]);
    }
  });

  it("share one window of attempts", async () => {
    const rule = { name: "test-shared", points: 30, seconds: 60 };
    const key = uniqueKey("user");
    const taken = await Promise.all(range(RACERS).map((racer) => nodeOf(racer).rates.take(rule, key)));
    expect(taken.filter((answer) => answer.ok)).toHaveLength(30);
    await nodeOf(0).rates.giveBack(rule, key);
    const again = await Promise.all(range(3).map((racer) => nodeOf(racer).rates.take(rule, key)));
    expect(again.filter((answer) => answer.ok)).toHaveLength(1);
  });

  it("know each other", async () => {
    for (const node of nodes) {
      expect(await node.bus.nodes()).toEqual(expect.arrayContaining(nodes.map((other) => other.node)));
    }
  });
});

const counterOf = (taken: { ok: boolean; counter?: number } | undefined): number => taken?.counter ?? -1;
