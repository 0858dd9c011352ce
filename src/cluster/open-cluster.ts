// Opens the cluster that the settings ask for: over Redis, or of this node alone.
import type { Cluster, ClusterLog, MessageFaults } from "./cluster.ts";
import { createMemoryCluster } from "./memory/memory-cluster.ts";
import type { GuardedAdapter } from "./redis/adapter.ts";

/** Where the cluster is, and what it reports to. */
export interface OpenClusterOptions {
  /** `redis://…` or `rediss://…`; undefined for a single node. */
  readonly redisUrl: string | undefined;
  readonly logger: ClusterLog;
  readonly faults: MessageFaults;
}

/** An open cluster, and the Socket.IO adapter that goes with it; a single node needs none. */
export interface OpenCluster {
  readonly cluster: Cluster;
  readonly adapter: GuardedAdapter | undefined;
}

/** Joins the other nodes. Resolves also when Redis is away. Redis' code (20 MB) is loaded only with a URL. */
export async function openCluster({ redisUrl, logger, faults }: OpenClusterOptions): Promise<OpenCluster> {
  if (redisUrl === undefined) return { cluster: createMemoryCluster(), adapter: undefined };
  const [{ createRedisCluster }, { createRedisAdapter }] = await Promise.all([
    import("./redis/redis-cluster.ts"),
    import("./redis/adapter.ts"),
  ]);
  const cluster = createRedisCluster({ url: redisUrl, logger, faults });
  await cluster.ready();
  return { cluster, adapter: createRedisAdapter(cluster.clients, faults.malformed) };
}
