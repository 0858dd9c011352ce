// What is being taken right now, so that a release that comes before the answer is not lost.
import { Holdings } from "../local-state/holdings.ts";

/** One take on its way. `cancelled`: its holder has gone meanwhile, so nothing may be noted for it. */
export type PendingTake = { readonly key: string; readonly id: string; cancelled: boolean };

/** The takes on their way, by key and id. */
export class InFlight {
  readonly #pending = new Holdings<Set<PendingTake>>();

  /** A take begins. */
  begin(key: string, id: string): PendingTake {
    const pending: PendingTake = { key, id, cancelled: false };
    const same = this.#pending.get(key, id) ?? new Set<PendingTake>();
    same.add(pending);
    this.#pending.set(key, id, same);
    return pending;
  }

  /** It has been answered. */
  end(pending: PendingTake): void {
    const same = this.#pending.get(pending.key, pending.id);
    same?.delete(pending);
    if (same?.size === 0) this.#pending.delete(pending.key, pending.id);
  }

  /** The holder goes: whatever is on its way for it comes to nothing. */
  cancel(key: string, id: string): void {
    for (const pending of this.#pending.get(key, id) ?? []) pending.cancelled = true;
  }

  /** How many keys have a take on its way. */
  size(): number {
    return this.#pending.keys().length;
  }
}
