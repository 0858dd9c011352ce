// Cluster: everything that the nodes share, behind one object per node.
import type { Bus } from "./bus.ts";
import type { Leases } from "./leases.ts";
import type { Presence } from "./presence.ts";
import type { Rates } from "./rates.ts";
import type { Slots } from "./slots.ts";

/** `none`: a single node without Redis. `down`: this node decides alone by its own entries until Redis is back. */
export type ClusterHealth = { redis: "none" | "up" | "down" };

/**
 * What one node shares with the others.
 *
 * MUST: bear every fault of the shared memory (killed, frozen, restarted empty, connections cut) without a rejection, a
 * crash or growth, and write this node's own entries back when it returns.
 * MUST NOT: put a token or another secret into shared memory.
 */
export interface Cluster {
  /** This node's id: random, unique per start. */
  readonly node: string;
  readonly slots: Slots;
  readonly leases: Leases;
  readonly presence: Presence;
  readonly rates: Rates;
  readonly bus: Bus;
  /** Whether the shared memory answers, for `/readyz`. */
  health(): ClusterHealth;
  /**
   * Gives back everything of this node and lets go of the connections. No listener is called afterwards. Who is still
   * present then is so for a few seconds more, and if they have not come back elsewhere, another node hears `onGone`.
   */
  close(): Promise<void>;
}

/** Hears of messages between nodes that came to nothing: for `/metrics`. */
export interface MessageFaults {
  /** A message from Redis could not be understood. */
  malformed(): void;
  /** A message to the other nodes did not leave, or Redis never confirmed it. */
  dropped(): void;
}

/** Where a cluster reports outages; a pino logger fits. Fields never hold keys, tokens or URLs with passwords. */
export type ClusterLog = {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
};
