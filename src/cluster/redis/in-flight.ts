/** What is being taken right now, so that a release that comes before the answer is not lost. */
import { Book } from "../local-state/holdings.ts";

/** One take on its way. `cancelled`: its holder has gone meanwhile, so nothing may be noted for it. */
export type Flight = { readonly key: string; readonly id: string; cancelled: boolean };

/** The takes on their way, by key and id. */
export class Flights {
  readonly #flights = new Book<Set<Flight>>();

  /** A take begins. */
  begin(key: string, id: string): Flight {
    const flight: Flight = { key, id, cancelled: false };
    const same = this.#flights.get(key, id) ?? new Set<Flight>();
    same.add(flight);
    this.#flights.set(key, id, same);
    return flight;
  }

  /** It has been answered. */
  end(flight: Flight): void {
    const same = this.#flights.get(flight.key, flight.id);
    same?.delete(flight);
    if (same?.size === 0) this.#flights.delete(flight.key, flight.id);
  }

  /** The holder goes: whatever is on its way for it comes to nothing. */
  cancel(key: string, id: string): void {
    for (const flight of this.#flights.get(key, id) ?? []) flight.cancelled = true;
  }

  /** How many keys have a take on its way. */
  size(): number {
    return this.#flights.keys().length;
  }
}
