// Messages between two nodes on a real Redis.
import { createClient, type RedisClientType } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { sharedRedis } from "../../support/shared.ts";
import { uniqueKey } from "../unique-key.ts";
import { inBatches, type Node, openNode, range } from "./nodes.ts";

describe("the bus", () => {
  let one: Node;
  let other: Node;
  let raw: RedisClientType;

  beforeAll(async () => {
    const url = await sharedRedis();
    [one, other] = await Promise.all([openNode(url, {}), openNode(url, {})]);
    raw = createClient({ url });
    await raw.connect();
  });
  afterAll(async () => {
    raw.destroy();
    await Promise.all([one.close(), other.close()]);
  });

  it("carries JSON values to the other nodes, in order, with the sender, and not back", async () => {
    const topic = uniqueKey("topic");
    const [here, there]: [unknown[], unknown[]] = [[], []];
    one.bus.subscribe(topic, (message) => here.push(message));
    other.bus.subscribe(topic, (message, from) => there.push([message, from]));
    const values = [null, 0, "文", [1, { a: null }], { deep: { er: true } }];
    for (const value of values) one.bus.publish(topic, value);
    await eventually(() => there.length === values.length);
    expect(there).toEqual(values.map((value) => [value, one.node]));
    expect(here).toEqual([]);
  });

  it("sends all messages of one tick in one PUBLISH", async () => {
    const topic = uniqueKey("topic");
    const batches: string[] = [];
    const watcher = raw.duplicate();
    await watcher.connect();
    await watcher.subscribe("classwire:bus", (payload) => {
      if (payload.includes(topic)) batches.push(payload);
    });
    for (const index of range(500)) one.bus.publish(topic, index);
    await eventually(() => batches.length > 0);
    expect(batches).toHaveLength(1);
    const messages = range(500).map((index) => [topic, index]);
    const checksum = ["checksum", expect.stringMatching(/^[0-9a-f]{8}$/)];
    expect(JSON.parse(batches[0] ?? "")).toEqual([one.node, [...messages, checksum]]);
    watcher.destroy();
  });

  it("counts and drops 10 000 malformed payloads, and goes on hearing", async () => {
    const topic = uniqueKey("topic");
    const heard: unknown[] = [];
    other.bus.subscribe(topic, (message) => heard.push(message));
    const before = other.counts.malformed;
    const bad = [
      "",
      "{",
      "null",
      "[]",
      '"x"',
      "[1,[]]",
      '["n",{}]',
      '["n",[["t"]]]',
      '["n",[[1,2]]]',
      "[".repeat(9_000),
    ];
    await inBatches(10_000, (index) => raw.publish("classwire:bus", bad[index % bad.length] ?? ""));
    await eventually(() => other.counts.malformed - before === 10_000, { timeoutMs: 25_000 });
    one.bus.publish(topic, "still here");
    await eventually(() => heard.length === 1);
  });

  it("survives a listener that throws, and stops when told to", async () => {
    const topic = uniqueKey("topic");
    const heard: unknown[] = [];
    other.bus.subscribe(topic, () => {
      throw new Error("a listener's fault");
    });
    const stop = other.bus.subscribe(topic, (message) => heard.push(message));
    one.bus.publish(topic, 1);
    await eventually(() => heard.length === 1);
    stop();
    let last = false;
    other.bus.subscribe(topic, () => {
      last = true;
    });
    one.bus.publish(topic, 2);
    await eventually(() => last);
    expect(heard).toEqual([1]);
  });

  it("drops what is not JSON without a word to the caller", () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const before = one.counts.dropped;
    one.bus.publish("test", cycle);
    one.bus.publish("test", 1n);
    expect(one.counts.dropped - before).toBe(2);
  });
});
