// Connection limits: the slot of a connection among those of its user, and what becomes of the others.
import type { Cluster } from "../cluster/cluster.ts";
import type { LeaseState } from "../cluster/leases.ts";
import type { Held } from "../cluster/places.ts";
import { connectionLimit, type Limits } from "../config/limits.ts";
import type { AdmissionRequest } from "../connection/traits.ts";
import { Failure } from "../contract/errors.ts";
import { encodeId } from "../contract/ids.ts";
import type { ConnectionRegistry } from "./connection-registry.ts";

/** A refused connection at a limit may come again after this time. */
const FULL_RETRY_MS = 10_000;

/** How often a slot is asked for: others may be quicker to take one that has just become free. */
const ATTEMPTS = 4;

/** The slot of one connection. */
export interface ConnectionSlot {
  /** Whether it is the active one, waits for its turn, or has lost its slot. */
  readonly state: LeaseState;
  /** Hears what others do to it; one listener, told at once if it has been displaced already. */
  onChange(listener: (state: LeaseState) => void): void;
  /** Gives it back; again does nothing. */
  release(): Promise<void>;
}

/** The connection limits of one node. */
export interface ConnectionLimits {
  /** Takes a slot for a connection of `user`. Throws `RATE_LIMIT` when there is none. */
  take(request: AdmissionRequest, user: string, course: string | undefined): Promise<ConnectionSlot>;
}

/** Makes the connectionLimits of one node. Dashboards and study time: the newest wins. Channels: the one too many is refused. */
export function createConnectionLimits(
  cluster: Cluster,
  registry: ConnectionRegistry,
  limits: Limits,
): ConnectionLimits {
  const listeners = new Map<string, (state: LeaseState) => void>();
  cluster.leases.onChange(({ holder, state }) => listeners.get(holder)?.(state));

  async function takeLease(key: string, holder: string, waiting: number): Promise<ConnectionSlot> {
    let state: LeaseState = "active";
    let listener: ((state: LeaseState) => void) | undefined;
    listeners.set(holder, (changed) => {
      state = changed;
      listener?.(changed);
    });
    const taken = await cluster.leases.take(key, holder, { waiting });
    if (!taken.ok) {
      listeners.delete(holder);
      throw full("too many connections wait for their turn");
    }
    return {
      get state() {
        return state;
      },
      onChange(heard) {
        listener = heard;
        if (state !== "active") heard(state);
      },
      async release() {
        if (listeners.delete(holder)) await cluster.leases.release(key, holder);
      },
    };
  }

  async function takeSlot(key: string, holder: string, limit: number, newestWins: boolean): Promise<ConnectionSlot> {
    let taken = await cluster.places.take(key, holder, limit);
    for (let attempt = 2, more = true; !taken.ok && more && attempt <= ATTEMPTS; attempt++) {
      more = newestWins ? await displaceOldest(key, taken.holders) : await probe(taken.holders);
      taken = await cluster.places.take(key, holder, limit);
    }
    if (!taken.ok) throw full(`at most ${limit} connections per user`);
    let held = true;
    return {
      state: "active",
      onChange: () => undefined,
      async release() {
        if (held) await cluster.places.release(key, holder);
        held = false;
      },
    };
  }

  async function displaceOldest(key: string, [oldest]: readonly Held[]): Promise<boolean> {
    if (oldest === undefined) return true;
    registry.disconnect(oldest);
    await cluster.places.release(key, oldest.holder);
    return true;
  }

  /** Whether one of them gave way. */
  async function probe(holders: readonly Held[]): Promise<boolean> {
    return (await registry.probe(holders)).size < holders.length;
  }

  return {
    take({ connection, traits }, user, course) {
      const { most } = connectionLimit(limits, traits.limit);
      const key = [traits.limit, user, ...(course === undefined ? [] : [course])].map(encodeId).join(":");
      const newestWins = traits.limit === "dashboard" || traits.limit === "study-time";
      if (!newestWins || most > 1) return takeSlot(key, connection, most, newestWins);
      return takeLease(key, connection, traits.displaced === "wait" ? limits.waitingDashboards.most : 0);
    },
  };
}

function full(message: string): Failure {
  return new Failure("RATE_LIMIT", message, { retryAfterMs: FULL_RETRY_MS });
}
