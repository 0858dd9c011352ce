// What every cluster does on one node; runs the suites of its parts.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cluster } from "../../src/cluster/cluster.ts";
import { leasesSuite } from "./leases.suite.ts";
import { living } from "./living.ts";
import { presenceSuite } from "./presence.suite.ts";
import { ratesSuite } from "./rates.suite.ts";
import { placesSuite } from "./slots.suite.ts";
import { uniqueKey } from "./unique-key.ts";

/** Runs everything over one cluster that `open` makes; `redis` is what its health says. */
export const clusterSuite = (open: () => Promise<Cluster>, redis: "none" | "up"): void => {
  let current: Cluster | undefined;
  const cluster = (): Cluster => {
    if (current === undefined) throw new Error("the cluster is not open");
    return current;
  };
  beforeAll(async () => {
    current = await open();
  });
  afterAll(() => current?.close());

  describe("slots", () => placesSuite(cluster));
  describe("leases", () => leasesSuite(cluster));
  describe("presence", () => presenceSuite(cluster));
  describe("rates", () => ratesSuite(cluster));

  it("knows its health and its nodes, and hears nothing of its own on the bus", async () => {
    const { bus, node } = cluster();
    const heard: unknown[] = [];
    const stop = bus.subscribe("test", (message) => heard.push(message));
    bus.publish("test", { hello: "world" });
    expect(cluster().health()).toEqual({ redis });
    expect(await bus.nodes()).toContain(node);
    stop();
    expect(heard).toEqual([]);
  });

  it("has another id at each start, and gives slots and leases back when it closes", async () => {
    const other = await open();
    const key = uniqueKey("user");
    expect(other.node).not.toBe(cluster().node);
    await other.slots.take(key, "a", 1);
    await other.leases.take(key, "a");
    await other.close();
    await other.close();
    expect(await living(cluster().slots, key)).toBe(0);
    expect(await cluster().leases.take(key, "b")).not.toHaveProperty("displaced");
  });

  it("answers a closed cluster's callers too", async () => {
    const other = await open();
    await other.close();
    const key = uniqueKey("user");
    expect((await other.slots.take(key, "a", 1)).ok).toBe(true);
    expect((await other.leases.take(key, "a")).ok).toBe(true);
    expect((await other.presence.enter(key, "ann", "1")).first).toBe(true);
    other.bus.publish("test", 1);
    expect(await other.bus.nodes()).toEqual([other.node]);
  });
};
