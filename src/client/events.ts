// Typed events: listeners by name, called in the order in which they were added.

/** Event names and the arguments of each. */
export type EventMap = Record<string, readonly unknown[]>;

/** The arguments of each event of an interface of functions, as the contract writes them. */
export type ArgumentsOf<NamespaceSocket> = {
  [Event in keyof NamespaceSocket]: NamespaceSocket[Event] extends (...args: infer Args) => void ? Args : never;
};

/** A listener; what it returns is awaited where the order of events matters. */
export type Listener<Args extends readonly unknown[]> = (...args: Args) => unknown;

/** Listeners of one source of events. */
export class Events<Map extends { [Event in keyof Map]: readonly unknown[] }> {
  readonly #listeners = new globalThis.Map<keyof Map, Set<Listener<readonly never[]>>>();
  readonly #onAdded: (event: keyof Map) => void;

  /** `onAdded` is told of every new listener. */
  constructor(onAdded: (event: keyof Map) => void = () => undefined) {
    this.#onAdded = onAdded;
  }

  /** Adds a listener; returns how to take it away again. */
  on<Event extends keyof Map>(event: Event, listener: Listener<Map[Event]>): () => void {
    const added: Listener<Map[Event]> = (...args) => listener(...args); // the same function may be added twice
    const known = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, known);
    known.add(added as Listener<readonly never[]>);
    this.#onAdded(event);
    return () => known.delete(added as Listener<readonly never[]>);
  }

  /** The listeners of an event as they are now. */
  of<Event extends keyof Map>(event: Event): Listener<Map[Event]>[] {
    return [...(this.#listeners.get(event) ?? [])] as Listener<Map[Event]>[];
  }

  /** Calls the listeners of an event. What one throws, or rejects with, goes to `onError` and stops no other. */
  emit<Event extends keyof Map>(event: Event, args: Map[Event], onError: (error: unknown) => void): void {
    for (const listener of this.of(event)) {
      try {
        const result = listener(...args);
        if (result instanceof Promise) result.catch(onError);
      } catch (error) {
        onError(error);
      }
    }
  }
}
