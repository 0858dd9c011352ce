// A list of listeners, each of which may throw without harm to the others.

/** Listeners of one kind of event. `dropped` counts those calls that ended in an exception. */
export class Listeners<T> {
  readonly #all = new Set<(event: T) => void>();
  #failed = 0;

  /** Adds a listener (the same function twice is two) and returns how to remove it. */
  add(listener: (event: T) => void): () => void {
    const entry = (event: T) => listener(event);
    this.#all.add(entry);
    return () => {
      this.#all.delete(entry);
    };
  }

  /** Calls every listener with the event. An exception is counted: one listener's fault must not reach a Redis socket. */
  tell(event: T): void {
    for (const listener of [...this.#all]) {
      try {
        listener(event);
      } catch {
        this.#failed += 1;
      }
    }
  }

  /** How many calls ended in an exception. */
  failed(): number {
    return this.#failed;
  }

  /** How many listeners there are. */
  size(): number {
    return this.#all.size;
  }

  /** Forgets all of them. */
  clear(): void {
    this.#all.clear();
  }
}
