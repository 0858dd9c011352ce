// Tells a node's listeners what happened to its leases: in order, and after the take that caused it has been answered.
import type { LeaseChange } from "../leases.ts";
import { Listeners } from "../listeners.ts";

/** A queue of changes that is emptied in the next turn of the event loop, when every answered promise has run on. */
export class LeaseChanges {
  readonly #listeners = new Listeners<LeaseChange>();
  #queue: LeaseChange[] = [];
  #closed = false;

  /** See `Leases.onChange`. */
  onChange(listener: (change: LeaseChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Tells these changes soon. */
  tell(changes: LeaseChange[]): void {
    if (changes.length === 0 || this.#closed) return;
    if (this.#queue.length === 0) setImmediate(() => this.#flush());
    this.#queue.push(...changes);
  }

  /** Tells nothing more. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#listeners.clear();
  }

  #flush(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const change of queue) this.#listeners.tell(change);
  }
}
