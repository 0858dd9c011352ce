/** The places that one node knows of: all there are in memory, its own beside Redis. */
import type { PlaceTaken } from "../places.ts";
import { Book } from "./holdings.ts";

/** A place of this node. `session`: the Redis session that knows it, 0 if none does. */
export type PlaceEntry = { readonly kind: "place"; readonly key: string; readonly holder: string; session: number };

/** Decides about places by its own entries alone. */
export class PlaceBook {
  readonly entries = new Book<PlaceEntry>();
  readonly #node: string;

  constructor(node: string) {
    this.#node = node;
  }

  /** See `Places.take`. */
  take(key: string, holder: string, limit: number): PlaceTaken {
    if (this.entries.get(key, holder) !== undefined) return { ok: true };
    if (this.entries.count(key) >= limit) {
      return { ok: false, holders: this.entries.of(key).map((entry) => ({ holder: entry.holder, node: this.#node })) };
    }
    this.add(key, holder, 0);
    return { ok: true };
  }

  /** Notes a place that has been granted elsewhere. */
  add(key: string, holder: string, session: number): void {
    this.entries.set(key, holder, { kind: "place", key, holder, session });
  }
}
