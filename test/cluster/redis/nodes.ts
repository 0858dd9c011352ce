// Several nodes of one cluster in one process, each on a cable to Redis that can be cut.
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createRedisCluster, type RedisCluster } from "../../../src/cluster/redis/redis-cluster.ts";
import type { Timing } from "../../../src/cluster/redis/timing.ts";
import { eventually } from "../../support/eventually.ts";

/** Intervals for tests: a node is dead after 1.5 s instead of 10 s, everything else in proportion. For a Redis of one's own
 * only: these nodes would take those with production's intervals for dead. */
export const FAST: Partial<Timing> = {
  refreshMs: 200,
  ttlMs: 1_500,
  deadlineMs: 800,
  pingMs: 300,
  socketMs: 2_000,
  reconnectMs: 150,
};

/** A way to Redis that can be cut, as a cable can. */
export type Cable = {
  readonly url: string;
  /** Closes every connection and refuses new ones. */
  cut(): void;
  /** Lets connections through again. */
  heal(): void;
  close(): Promise<void>;
};

/** Lays a cable to the port: a TCP proxy. */
export const startCable = async (port: number): Promise<Cable> => {
  const sockets = new Set<Socket>();
  let open = true;
  const destroyAll = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const server = createServer((inbound) => {
    if (!open) {
      inbound.destroy();
      return;
    }
    const outbound = connect({ port, host: "127.0.0.1" });
    for (const [one, other] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.pipe(other);
      one.on("error", () => one.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => {
      open = false;
      destroyAll();
    },
    heal: () => {
      open = true;
    },
    close: async () => {
      destroyAll();
      await new Promise((closed) => server.close(closed));
    },
  };
};

/** Resolves when every node is registered and hears. */
export const up = async (...clusters: RedisCluster[]): Promise<void> => {
  await eventually(() => clusters.every((cluster) => cluster.health().redis === "up"), { what: "every node being up" });
};

/** A node, and how many messages came malformed to it or were dropped by it. */
export type Node = RedisCluster & { readonly counts: { malformed: number; dropped: number } };

/** A node; close it when done. */
export const openNode = async (url: string, timing: Partial<Timing> = FAST): Promise<Node> => {
  const counts = { malformed: 0, dropped: 0 };
  const faults = {
    malformed: () => {
      counts.malformed += 1;
    },
    dropped: () => {
      counts.dropped += 1;
    },
  };
  const cluster = createRedisCluster({ url, prefix: "classwire", timing, faults });
  await up(cluster);
  return { ...cluster, counts };
};

/** `[0, 1, … count - 1]`. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Does `work` for 0 … count - 1, 500 at a time, so that no client has more under way than it can bear. */
export const inBatches = async (count: number, work: (index: number) => Promise<unknown>): Promise<void> => {
  for (let at = 0; at < count; at += 500) {
    await Promise.all(range(Math.min(500, count - at)).map((index) => work(at + index)));
  }
};
