// Connection limits: the slot of a connection among those of its user, and what becomes of the others.
import type { Cluster } from "../cluster/cluster.ts";
import type { LeaseState } from "../cluster/leases.ts";
import type { Held } from "../cluster/slots.ts";
import { connectionLimit, type Limits } from "../config/limits.ts";
import type { AdmissionRequest } from "../connection/admission-request.ts";
import { Failure } from "../contract/errors.ts";
import { encodeId } from "../contract/ids.ts";
import type { ConnectionRegistry } from "./connection-registry.ts";

/** When a connection that was refused at a limit may come again. */
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

type StateListener = (state: LeaseState) => void;

/** The connection limits of one node. Dashboards and study time: the newest wins. Channels: the one too many is refused. */
export class ConnectionLimits {
  readonly #cluster: Cluster;
  readonly #registry: ConnectionRegistry;
  readonly #limits: Limits;
  /** By holder, the leases of this node. */
  readonly #held = new Map<string, LeaseSlot>();

  constructor(cluster: Cluster, registry: ConnectionRegistry, limits: Limits) {
    this.#cluster = cluster;
    this.#registry = registry;
    this.#limits = limits;
    cluster.leases.onChange(({ holder, state }) => this.#held.get(holder)?.changed(state));
  }

  /** Takes a slot for a connection of `user`. Throws `RATE_LIMIT` when there is none. */
  take({ connection, traits }: AdmissionRequest, user: string, course: string | undefined): Promise<ConnectionSlot> {
    const { most } = connectionLimit(this.#limits, traits.limit);
    const key = [traits.limit, user, ...(course === undefined ? [] : [course])].map(encodeId).join(":");
    const newestWins = traits.limit === "dashboard" || traits.limit === "study-time";
    if (!newestWins || most > 1) return this.#takeShared(key, connection, most, newestWins);
    return this.#takeLease(key, connection, traits.displaced === "wait" ? this.#limits.waitingDashboards.most : 0);
  }

  /** The one slot of a user, whose holder changes. `waiting`: displaced holders that may wait for their turn. */
  async #takeLease(key: string, holder: string, waiting: number): Promise<ConnectionSlot> {
    const { leases } = this.#cluster;
    const slot = new LeaseSlot(key, holder, leases, this.#held);
    this.#held.set(holder, slot);
    const taken = await leases.take(key, holder, { waiting });
    if (taken.ok) return slot;
    this.#held.delete(holder);
    throw full("too many connections wait for their turn");
  }

  /** One of the `limit` slots of a user. */
  async #takeShared(key: string, holder: string, limit: number, newestWins: boolean): Promise<ConnectionSlot> {
    const { slots } = this.#cluster;
    let taken = await slots.take(key, holder, limit);
    for (let attempt = 2, more = true; !taken.ok && more && attempt <= ATTEMPTS; attempt++) {
      more = newestWins ? await this.#displaceOldest(key, taken.holders) : await this.#endDead(taken.holders);
      taken = await slots.take(key, holder, limit);
    }
    if (!taken.ok) throw full(`at most ${limit} connections per user`);
    return new SharedSlot(key, holder, slots);
  }

  async #displaceOldest(key: string, [oldest]: readonly Held[]): Promise<boolean> {
    if (oldest === undefined) return true;
    this.#registry.disconnect(oldest);
    await this.#cluster.slots.release(key, oldest.holder);
    return true;
  }

  /** Whether one of them gave way, being dead. */
  async #endDead(holders: readonly Held[]): Promise<boolean> {
    return (await this.#registry.probe(holders)).size < holders.length;
  }
}

/** The one slot of a user, while this connection has it or waits for it. */
class LeaseSlot implements ConnectionSlot {
  state: LeaseState = "active";
  readonly #key: string;
  readonly #holder: string;
  readonly #leases: Cluster["leases"];
  readonly #held: Map<string, LeaseSlot>;
  #listener: StateListener | undefined;

  constructor(key: string, holder: string, leases: Cluster["leases"], held: Map<string, LeaseSlot>) {
    this.#key = key;
    this.#holder = holder;
    this.#leases = leases;
    this.#held = held;
  }

  onChange(listener: StateListener): void {
    this.#listener = listener;
    if (this.state !== "active") listener(this.state);
  }

  changed(state: LeaseState): void {
    this.state = state;
    this.#listener?.(state);
  }

  async release(): Promise<void> {
    if (this.#held.delete(this.#holder)) await this.#leases.release(this.#key, this.#holder);
  }
}

/** One of several slots of a user; nobody is told of it when it is taken away. */
class SharedSlot implements ConnectionSlot {
  readonly state = "active";
  readonly #key: string;
  readonly #holder: string;
  #slots: Cluster["slots"] | undefined;

  constructor(key: string, holder: string, slots: Cluster["slots"]) {
    this.#key = key;
    this.#holder = holder;
    this.#slots = slots;
  }

  onChange(): void {}

  async release(): Promise<void> {
    const slots = this.#slots;
    this.#slots = undefined;
    await slots?.release(this.#key, this.#holder);
  }
}

function full(message: string): Failure {
  return new Failure("RATE_LIMIT", message, { retryAfterMs: FULL_RETRY_MS });
}
