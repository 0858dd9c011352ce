// Numbers by number: an array that grows and holds millions without an object for each.

/** Zero where nothing was set. */
export class Numbers {
  #values = new Float64Array(1024);
  #length = 0;

  /** One more than the highest index that was set. */
  get length(): number {
    return this.#length;
  }

  get(index: number): number {
    return this.#values[index] ?? 0;
  }

  set(index: number, value: number): void {
    if (index >= this.#values.length) {
      const grown = new Float64Array(Math.max(index + 1, this.#values.length * 2));
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[index] = value;
    if (index >= this.#length) this.#length = index + 1;
  }
}

/** Ranges of whole numbers, few of them, both ends included. */
export class Ranges<Label> {
  #ranges: { from: number; to: number; label: Label }[] = [];

  get all(): readonly { readonly from: number; readonly to: number; readonly label: Label }[] {
    return this.#ranges;
  }

  add(from: number, to: number, label: Label): void {
    if (from <= to) this.#ranges.push({ from, to, label });
  }

  /** Takes one out. @returns whether it was in */
  take(number: number): boolean {
    const at = this.#ranges.findIndex(({ from, to }) => from <= number && number <= to);
    const range = this.#ranges[at];
    if (range === undefined) return false;
    const parts = [
      { ...range, to: number - 1 },
      { ...range, from: number + 1 },
    ].filter(({ from, to }) => from <= to);
    this.#ranges.splice(at, 1, ...parts);
    return true;
  }

  clear(): void {
    this.#ranges = [];
  }
}
