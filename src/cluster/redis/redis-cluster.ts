// The cluster of several nodes that share a Redis.
import type { Cluster, ClusterLog, MessageFaults } from "../cluster.ts";
import { newNodeId } from "../node-id.ts";
import { createRedisBus, type RedisBus } from "./bus.ts";
import { createRedisClients, type RedisClients } from "./clients.ts";
import { RedisKeys } from "./keys.ts";
import { createRedisLeases } from "./leases.ts";
import { LocalState } from "./local-state.ts";
import { NodeMaintenance } from "./node-maintenance.ts";
import { createRedisPresence } from "./presence.ts";
import { createRedisRates } from "./rates.ts";
import { RedisSession } from "./redis-session.ts";
import { createRedisSlots } from "./slots.ts";
import { DEFAULT_TIMING, type Timing } from "./timing.ts";

/** `url`: `redis://` or `rediss://` (may hold a password, never logged). `now`: a clock in ms. `timing`: for tests. */
export type RedisClusterOptions = {
  url: string;
  /** What all keys and channels of this cluster begin with: letters, digits and `_.:-`. */
  prefix: string;
  logger?: ClusterLog;
  now?: () => number;
  timing?: Partial<Timing>;
  faults?: MessageFaults;
};

/** A cluster and the wrapped connections that it shares with the Socket.IO adapter (see adapter.ts). */
export type RedisCluster = Cluster & {
  readonly clients: RedisClients;
  readonly bus: RedisBus;
  /** Resolves when Redis has answered and this node is registered, or when it is known that Redis is away. */
  ready(): Promise<void>;
};

const UNHEARD: MessageFaults = { malformed: () => undefined, dropped: () => undefined };

/** Joins the cluster in the background and for good: it never throws, whatever becomes of Redis. Needs Redis 6 or later. */
export const createRedisCluster = (options: RedisClusterOptions): RedisCluster => {
  const { url, prefix, logger, now = Date.now, timing, faults = UNHEARD } = options;
  const node = newNodeId();
  const clients = createRedisClients({
    url,
    logger,
    timing: { ...DEFAULT_TIMING, ...timing },
    onDropped: faults.dropped,
  });
  const redis = new RedisSession(node, new RedisKeys(prefix), clients, logger);
  const localState = new LocalState(redis);
  const maintenance = new NodeMaintenance(redis, localState, clients);
  const bus = createRedisBus(redis, clients, faults, logger);
  redis.start(localState);
  return {
    node,
    clients,
    slots: createRedisSlots(redis, localState),
    leases: createRedisLeases(redis, localState, now),
    presence: createRedisPresence(redis, localState, maintenance),
    rates: createRedisRates(redis),
    bus,
    ready: () => redis.started(),
    health: () => ({ redis: redis.state() === "up" && clients.state() === "up" ? "up" : "down" }),
    close: async () => {
      bus.flush();
      bus.close();
      maintenance.close();
      localState.clear();
      // What is not given back now, because Redis does not answer, is swept by the others.
      await maintenance.sweep(redis.owner(), clients.timing.lingerMs).catch(() => undefined);
      redis.close();
      await clients.close();
    },
  };
};
