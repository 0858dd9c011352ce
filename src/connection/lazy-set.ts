// A set that most of its many owners never put anything into.

/** A set that costs nothing before something is in it: an empty `Set` has 200 bytes, and there are several for each connection. */
export class LazySet<Item> implements Iterable<Item> {
  #items: Set<Item> | undefined;

  get size(): number {
    return this.#items?.size ?? 0;
  }

  has(item: Item): boolean {
    return this.#items?.has(item) ?? false;
  }

  add(item: Item): void {
    this.#items ??= new Set();
    this.#items.add(item);
  }

  /** Takes it out; false where it was not in. */
  delete(item: Item): boolean {
    return this.#items?.delete(item) ?? false;
  }

  clear(): void {
    this.#items = undefined;
  }

  [Symbol.iterator](): Iterator<Item> {
    return (this.#items ?? []).values();
  }
}
