// The slots that one node knows of: all there are in memory, its own beside Redis.
import type { SlotTaken } from "../slots.ts";
import { Holdings } from "./holdings.ts";

/** A slot of this node. `session`: the Redis session that knows it, 0 if none does. */
export type SlotEntry = { readonly kind: "slot"; readonly key: string; readonly holder: string; session: number };

/** Decides about slots by its own entries alone. */
export class LocalSlots {
  readonly entries = new Holdings<SlotEntry>();
  readonly #node: string;

  constructor(node: string) {
    this.#node = node;
  }

  /** See `Slots.take`. */
  take(key: string, holder: string, limit: number): SlotTaken {
    if (this.entries.get(key, holder) !== undefined) return { ok: true };
    if (this.entries.count(key) >= limit) {
      return { ok: false, holders: this.entries.of(key).map((entry) => ({ holder: entry.holder, node: this.#node })) };
    }
    this.add(key, holder, 0);
    return { ok: true };
  }

  /** Notes a slot that has been granted elsewhere. */
  add(key: string, holder: string, session: number): void {
    this.entries.set(key, holder, { kind: "slot", key, holder, session });
  }
}
