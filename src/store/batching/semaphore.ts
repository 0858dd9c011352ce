// A semaphore: a limited number of pieces of work at a time, the others in the order in which they asked.

/** Work that must not run all at once. Shared by several group commits, a semaphore of 1 keeps their statements in one order. */
export class Semaphore {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  /** @param permits how many pieces of work may run at a time */
  constructor(permits: number) {
    this.#free = permits;
  }

  /** Waits for a permit. @returns what gives it back; calling it again does nothing */
  async acquire(): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((granted) => this.#waiting.push(granted));
    let isHeld = true;
    return () => {
      if (isHeld) this.#release();
      isHeld = false;
    };
  }

  /** Runs `work` with a permit. Settles as `work` does. */
  async run<Value>(work: () => Promise<Value>): Promise<Value> {
    const release = await this.acquire();
    try {
      return await work();
    } finally {
      release();
    }
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
