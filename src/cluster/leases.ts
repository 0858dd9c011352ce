// Leases: the contract of "one active connection per key, the newest wins".
import type { Held } from "./slots.ts";

/** `active`: the one that counts. `waiting`: is in the queue. `displaced`: has lost it for good. */
export type LeaseState = "active" | "waiting" | "displaced";

/** What happened to a holder on this node through somebody else. */
export type LeaseChange = { key: string; holder: string; state: LeaseState };

/** `waiting`: wait when displaced, as one of at most this many (0 or absent: go for good). */
export type LeaseOptions = { waiting?: number };

/** A lease with its counter, and whom it displaced; or `ok: false`, the waiting list is full and nothing has changed. */
export type LeaseTaken = { ok: true; counter: number; displaced?: Held } | { ok: false };

/**
 * One active holder per key. A newcomer becomes active; the one before it waits, if it was taken with `waiting`, or is
 * displaced. When the active one goes, the newest waiting one becomes active.
 *
 * MUST: leave exactly one active holder, the one with the highest counter, whatever races; give counters that only ever
 * grow per key; refuse a newcomer with `waiting: n` when n others wait already; let the oldest waiting one go where a
 * newcomer without `waiting` makes the list too long; tell the node of each holder about every change that the holder
 * did not cause itself, in order, and not before its `take` has been answered; treat a dead node's leases as gone 10 s
 * after its last sign of life and promote within 15 s; answer every call, also while the shared memory is unreachable,
 * by what this node itself holds, and let the highest counter win when it is back.
 * MUST NOT: reject a promise because the shared memory is away; tell a node about holders that are not its own.
 */
export interface Leases {
  /** Makes `holder` the active one. A second `take` by the same holder makes it the newest. */
  take(key: string, holder: string, options?: LeaseOptions): Promise<LeaseTaken>;
  /** Gives the lease (or leaves the queue) back; promotes the newest waiting holder, on whatever node. */
  release(key: string, holder: string): Promise<void>;
  /** Hears the changes of this node's holders; returns how to stop. Listeners must not throw. */
  onChange(listener: (change: LeaseChange) => void): () => void;
}
