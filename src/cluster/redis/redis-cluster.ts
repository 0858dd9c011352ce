/** The cluster of several nodes that share a Redis. */
import type { Cluster, ClusterLog } from "../cluster.ts";
import { newNodeId } from "../node-id.ts";
import { createRedisBus, type RedisBus } from "./bus.ts";
import { createRedisClients, type RedisClients } from "./clients.ts";
import { createRedisLeases } from "./leases.ts";
import { Mirror } from "./local-state.ts";
import { Keeper } from "./node-maintenance.ts";
import { createRedisPlaces } from "./places.ts";
import { createRedisPresence } from "./presence.ts";
import { createRedisRates } from "./rates.ts";
import { Link } from "./redis-session.ts";
import { DEFAULT_TIMING, type Timing } from "./timing.ts";

/** `url`: `redis://` or `rediss://` (may hold a password, never logged). `now`: a clock in ms. `timing`: for tests. */
export type RedisClusterOptions = {
  url: string;
  log?: ClusterLog;
  now?: () => number;
  timing?: Partial<Timing>;
};

/** A cluster and the wrapped connections that it shares with the Socket.IO adapter (see adapter.ts). */
export type RedisCluster = Cluster & {
  readonly clients: RedisClients;
  readonly bus: RedisBus;
  /** Resolves when Redis has answered and this node is registered, or when it is known that Redis is away. */
  ready(): Promise<void>;
};

/** Joins the cluster in the background and for good: it never throws, whatever becomes of Redis. Needs Redis 6 or later. */
export const createRedisCluster = ({ url, log, now = Date.now, timing }: RedisClusterOptions): RedisCluster => {
  const node = newNodeId();
  const clients = createRedisClients(url, log, { ...DEFAULT_TIMING, ...timing });
  const link = new Link(node, clients, log);
  const mirror = new Mirror(link);
  const keeper = new Keeper(link, mirror, clients);
  const bus = createRedisBus(link, clients);
  link.start(mirror);
  return {
    node,
    clients,
    places: createRedisPlaces(link, mirror),
    leases: createRedisLeases(link, mirror, now),
    presence: createRedisPresence(link, mirror, keeper),
    rates: createRedisRates(link),
    bus,
    ready: () => link.started(),
    health: () => ({ redis: link.state() === "up" && clients.state() === "up" ? "up" : "down" }),
    close: async () => {
      bus.flush();
      bus.close();
      keeper.close();
      mirror.clear();
      // What is not given back now, because Redis does not answer, is swept by the others.
      await keeper.sweep(link.owner(), clients.timing.lingerMs).catch(() => undefined);
      link.close();
      await clients.close();
    },
  };
};
