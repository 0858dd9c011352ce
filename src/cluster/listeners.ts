// A list of listeners, each of which may throw without harm to the others.

/** Listeners of one kind of event. `onFailure` hears what a listener throws. */
export class Listeners<T> {
  readonly #all = new Set<(event: T) => void>();
  readonly #onFailure: (error: unknown) => void;

  constructor(onFailure: (error: unknown) => void = () => undefined) {
    this.#onFailure = onFailure;
  }

  /** Adds a listener (the same function twice is two) and returns how to remove it. */
  add(listener: (event: T) => void): () => void {
    const entry = (event: T) => listener(event);
    this.#all.add(entry);
    return () => {
      this.#all.delete(entry);
    };
  }

  /** Calls every listener with the event. One listener's fault must not reach the others, nor a Redis socket. */
  tell(event: T): void {
    for (const listener of [...this.#all]) {
      try {
        listener(event);
      } catch (error) {
        this.#onFailure(error);
      }
    }
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
