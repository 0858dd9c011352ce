// The leases that one node knows of: all there are in memory, its own beside Redis.
import type { LeaseChange } from "../leases.ts";
import { Holdings } from "./holdings.ts";

/** A lease of this node. `session`: the Redis session that knows it, 0 if none does. */
export type LeaseEntry = {
  readonly kind: "lease";
  readonly key: string;
  readonly holder: string;
  readonly waiting: number;
  readonly counter: number;
  state: "active" | "waiting";
  session: number;
};

/** What a take did: who was active before, and what changed for others. */
export type LeaseDecision = { ok: true; displaced?: LeaseEntry; changes: LeaseChange[] } | { ok: false };

/**
 * The next counter: above every one seen, and above those given before the memory was lost, because it follows the
 * clock in microseconds. Below 2^53 until the year 2255. What the clock (in ms) does not tell is random, so that two nodes
 * that decide alone hardly ever give the same.
 */
export const nextCounter = (last: number, nowMs: number): number =>
  Math.max(last + 1, Math.floor(nowMs) * 1000 + Math.floor(Math.random() * 1000));

/** Decides about leases by its own entries alone. */
export class LocalLeases {
  readonly entries = new Holdings<LeaseEntry>();

  /** Makes `holder` the active one, unless `waiting` others wait already. */
  take(key: string, holder: string, waiting: number, counter: number): LeaseDecision {
    const others = this.entries.of(key).filter((entry) => entry.holder !== holder);
    const queue = others.filter((entry) => entry.state === "waiting");
    if (waiting > 0 && queue.length >= waiting) return { ok: false };
    this.entries.set(key, holder, { kind: "lease", key, holder, waiting, counter, state: "active", session: 0 });
    const changes: LeaseChange[] = [];
    const displaced = others.find((entry) => entry.state === "active");
    if (displaced !== undefined) {
      if (displaced.waiting > 0) {
        displaced.state = "waiting";
        queue.push(displaced);
        changes.push({ key, holder: displaced.holder, state: "waiting" });
      } else {
        changes.push(this.#displace(displaced));
      }
    }
    // What makes the queue too long is its oldest end.
    let rank = 0;
    for (const entry of queue.sort((a, b) => b.counter - a.counter)) {
      if (rank < entry.waiting) rank += 1;
      else changes.push(this.#displace(entry));
    }
    return { ok: true, ...(displaced && { displaced }), changes };
  }

  /** Removes the holder; where it was the active one, the newest waiting one follows. */
  release(key: string, holder: string): LeaseChange[] {
    return this.remove(key, holder)?.state === "active" ? this.promote(key) : [];
  }

  /** Removes the holder and promotes nobody. */
  remove(key: string, holder: string): LeaseEntry | undefined {
    const entry = this.entries.get(key, holder);
    this.entries.delete(key, holder);
    return entry;
  }

  /** Makes the newest waiting holder active, if nobody is. */
  promote(key: string): LeaseChange[] {
    const [newest] = this.entries.of(key).sort((a, b) => b.counter - a.counter);
    if (newest === undefined || this.entries.of(key).some((entry) => entry.state === "active")) return [];
    newest.state = "active";
    return [{ key, holder: newest.holder, state: "active" }];
  }

  #displace(entry: LeaseEntry): LeaseChange {
    this.entries.delete(entry.key, entry.holder);
    return { key: entry.key, holder: entry.holder, state: "displaced" };
  }
}
