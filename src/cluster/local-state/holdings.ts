// A two-level map: entries by key and, within it, by id. Empty keys vanish by themselves.

/** Entries of type `E` by key and id. */
export class Holdings<E> {
  readonly #keys = new Map<string, Map<string, E>>();

  /** The entry, if there is one. */
  get(key: string, id: string): E | undefined {
    return this.#keys.get(key)?.get(id);
  }

  /** Replaces the entry. */
  set(key: string, id: string, entry: E): void {
    const entries = this.#keys.get(key) ?? new Map<string, E>();
    entries.set(id, entry);
    this.#keys.set(key, entries);
  }

  /** Removes the entry; whether there was one. */
  delete(key: string, id: string): boolean {
    const entries = this.#keys.get(key);
    const deleted = entries?.delete(id) ?? false;
    if (entries?.size === 0) this.#keys.delete(key);
    return deleted;
  }

  /** The entries of a key in the order they came. */
  of(key: string): E[] {
    return [...(this.#keys.get(key)?.values() ?? [])];
  }

  /** How many entries a key has. */
  count(key: string): number {
    return this.#keys.get(key)?.size ?? 0;
  }

  /** All keys that have entries. */
  keys(): string[] {
    return [...this.#keys.keys()];
  }

  /** Every entry there is. */
  *all(): Generator<E> {
    for (const entries of this.#keys.values()) yield* entries.values();
  }

  /** Forgets everything. */
  clear(): void {
    this.#keys.clear();
  }
}
