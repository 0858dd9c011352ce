// Opens the cluster that the settings ask for: over Redis, or of this node alone.
import type { Cluster, ClusterLog, MessageFaults } from "./cluster.ts";
import { createMemoryCluster } from "./memory/memory-cluster.ts";
import type { GuardedAdapter } from "./redis/adapter.ts";

/** Where the cluster is, and what it reports to. */
export interface OpenClusterOptions {
  /** `redis://…` or `rediss://…`; undefined for a single node. */
  readonly redisUrl: string | undefined;
  /** What names in Redis begin with, the same for all deployments that know the same emitters. */
  readonly prefix: string;
  /** The database behind the nodes: those with another one never hear these. */
  readonly identity: string;
  /** Waits for a Redis that refuses this node, instead of giving up at the start. */
  readonly isPatient: boolean;
  readonly logger: ClusterLog;
  readonly faults: MessageFaults;
}

/** An open cluster, and the Socket.IO adapter that goes with it; a single node needs none. */
export interface OpenCluster {
  readonly cluster: Cluster;
  readonly adapter: GuardedAdapter | undefined;
}

const DEFAULT_PREFIX = "classwire";
/** The key that emitters of every language publish under where they are given none. */
const SOCKET_IO = "socket.io";

/**
 * Joins the other nodes. Resolves also when Redis is away. Redis' code (20 MB) is loaded only with a URL.
 * @throws Error of one line when Redis refuses this node for good (password, rights, number of the database, TLS), unless patient
 */
export async function openCluster(options: OpenClusterOptions): Promise<OpenCluster> {
  const { redisUrl, prefix, identity, isPatient, logger, faults } = options;
  if (redisUrl === undefined) return { cluster: createMemoryCluster(), adapter: undefined };
  const [{ createRedisCluster }, { createRedisAdapter }] = await Promise.all([
    import("./redis/redis-cluster.ts"),
    import("./redis/adapter.ts"),
  ]);
  const own = `${prefix}:${identity}`;
  const cluster = createRedisCluster({ url: redisUrl, prefix: own, logger, faults });
  await cluster.ready();
  const refusal = cluster.clients.refusal();
  if (refusal !== undefined && !isPatient) {
    await cluster.close();
    throw new Error(`REDIS_URL cannot be used: ${refusal}`);
  }
  const keys = { own, emitters: prefix === DEFAULT_PREFIX ? SOCKET_IO : prefix };
  return { cluster, adapter: createRedisAdapter(cluster.clients, keys, faults.malformed) };
}
