// Three nodes under load while everything goes wrong; afterwards Redis holds exactly what the nodes hold.

import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type RedisClientType } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RedisCluster } from "../../../src/cluster/redis/redis-cluster.ts";
import { eventually } from "../../support/eventually.ts";
import { printedRandom } from "../../support/random.ts";
import { type Redis, startRedis } from "../../support/redis.ts";
import { ChaosLoad } from "./chaos-load.ts";
import { type Cable, openNode, range, startCable, up } from "./nodes.ts";

const random = printedRandom("chaos");

const KEYS = range(12).map((index) => `k${index}`);
const WORKERS = 10;

describe("three nodes under load", () => {
  let redis: Redis;
  let cables: Cable[] = [];
  let nodes: RedisCluster[] = [];
  let loads: ChaosLoad[] = [];
  let admin: RedisClientType;

  beforeAll(async () => {
    redis = await startRedis();
    cables = await Promise.all(range(3).map(() => startCable(redis.port)));
    nodes = await Promise.all(cables.map((cable) => openNode(cable.url)));
    loads = nodes.map((node) => new ChaosLoad(node, KEYS));
    admin = createClient({ url: redis.url, disableOfflineQueue: true });
    await admin.on("error", () => undefined).connect();
  });
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    admin.destroy();
    await Promise.all(cables.map((cable) => cable.close()));
    await redis.stop();
  });

  /** What goes wrong, and for how long; two of them per round. */
  const faults: Record<string, () => Promise<unknown>> = {
    restart: async () => {
      await redis.stop();
      await sleep(random.fraction() * 1_000);
      await redis.restart();
      await eventually(() => admin.isReady);
    },
    freeze: async () => {
      redis.pause();
      await sleep(random.fraction() * 3_000);
      redis.resume();
    },
    cut: async () => {
      cables[0]?.cut();
      await sleep(random.fraction() * 2_500);
      cables[0]?.heal();
    },
    kill: async () => {
      for (const type of ["normal", "pubsub", "normal"]) {
        await admin.sendCommand(["CLIENT", "KILL", "TYPE", type, "SKIPME", "yes"]);
        await sleep(random.fraction() * 100);
      }
    },
    empty: () => admin.flushAll(),
    forget: () => admin.sendCommand(["SCRIPT", "FLUSH"]),
  };

  /** Everything in Redis under a key, in the words of {@redis expected}. */
  const actual = async (key: string) => {
    const [slots, present, members, leases] = await Promise.all(
      ["slot", "present", "members", "lease"].map((kind) => admin.hGetAll(`classwire:${kind}:${key}`)),
    );
    const parsed = Object.entries(leases ?? {}).map(([holder, value]) => {
      const [counter, , state] = value.split(":");
      return { holder, counter: Number(counter), state: state === "a" ? "active" : "waiting" };
    });
    return {
      slots: Object.keys(slots ?? {}).sort(),
      presence: Object.entries(present ?? {})
        .map(([connection, value]) => `${connection} ${value.split(":")[1]}`)
        .sort(),
      members: { ...members },
      leases: parsed.map(({ holder, state }) => `${holder} ${state}`).sort(),
      newestFirst: parsed
        .sort((a, b) => b.counter - a.counter || (a.holder < b.holder ? 1 : -1))
        .map(({ state }) => state),
    };
  };

  /** What the nodes hold under it. */
  const expected = (key: string) => {
    const own = <T>(entries: Iterable<[string, T]>) =>
      [...entries].filter(([id]) => id.startsWith(`${key} `)).map(([id, value]) => [id.split(" ")[1], value] as const);
    const present = loads.flatMap((load) => own(load.presence));
    const leases = loads.flatMap((load) => own(load.leases));
    const members: Record<string, string> = {};
    for (const [, member] of present) members[member] = String(Number(members[member] ?? "0") + 1);
    return {
      slots: loads.flatMap((load) => own(load.slots.entries()).map(([holder]) => holder)).sort(),
      presence: present.map((entry) => entry.join(" ")).sort(),
      members,
      leases: leases.map((entry) => entry.join(" ")).sort(),
      newestFirst: leases.map((_, rank) => (rank === 0 ? "active" : "waiting")),
    };
  };

  const listed = async (): Promise<number> => {
    const lists = await admin.keys("classwire:own:*");
    const sizes = await Promise.all(lists.map((list) => admin.sCard(list)));
    return sizes.reduce((sum, size) => sum + size, 0);
  };

  it.each([
    ["restart", "kill"],
    ["freeze", "cut"],
    ["kill", "empty"],
    ["cut", "restart"],
    ["forget", "freeze"],
  ])("agree with Redis after %s and %s", async (first, second) => {
    const running = loads.map((load) => load.run(WORKERS));
    for (const name of [first, second]) {
      await sleep(random.fraction() * 300);
      await faults[name]?.();
    }
    for (const load of loads) load.stop();
    await Promise.all(running);
    await eventually(
      async () => {
        await up(...nodes);
        for (const key of KEYS) expect(await actual(key)).toEqual(expected(key));
        const held = loads.reduce((sum, load) => sum + load.slots.size + load.leases.size + load.presence.size, 0);
        return expect(await listed()).toBe(held);
      },
      { timeoutMs: 15_000, everyMs: 100 },
    );
    await Promise.all(loads.map((load) => load.thin()));
  });
});
