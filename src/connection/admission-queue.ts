// The admission queue: of many new connections a few are let in at a time, so that those who are connected are served in between.

/** How long new connections are worked on in one turn of the event loop, in milliseconds. */
const BUDGET_MS = 8;
/** How many are begun in one turn at most. */
const TURN_SIZE = 64;

/** Takes new connections in their order. */
export interface EntryQueue {
  /** Does `work` when its turn has come; false when too many wait already, and nothing is done. `work` must not throw. */
  add(work: () => void): boolean;
}

/**
 * New connections of one node, which wait for their turn. A handshake, a token and the packets that follow cost a millisecond: a
 * thousand clients that come back at once would be as many milliseconds in which nobody else is answered.
 *
 * MUST: keep the order; do all that was begun before what is new; do something in every turn of the event loop.
 * MUST NOT: grow beyond its bound; work longer than its budget and the one connection that it has begun.
 */
export class AdmissionQueue implements EntryQueue {
  readonly #most: number;
  readonly #new = new Waiting();
  readonly #begun = new Waiting();
  /** When the budget of this turn is used up; 0 before it has begun. */
  #ends = 0;
  #isPlanned = false;

  /** @param most how many new connections may wait */
  constructor(most: number) {
    this.#most = most;
  }

  /** New connections that wait. */
  get waiting(): number {
    return this.#new.length;
  }

  add(work: () => void): boolean {
    if (this.#new.length >= this.#most) return false;
    this.#new.push(work);
    this.#plan();
    return true;
  }

  /**
   * For the next step of a connection that has begun: resolves when its turn has come. Never refused, and before all that is new:
   * a client that has been answered is not to run into its timeout.
   */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#begun.push(resolve);
      this.#plan();
    });
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    this.#planTurn();
  }

  /** Each has an immediate of its own: what it does in ticks and promises is done, and counts, before the next one begins. */
  #planTurn(): void {
    this.#ends = 0;
    const count = Math.min(TURN_SIZE, this.#begun.length + this.#new.length);
    for (let number = 0; number < count; number++) setImmediate(this.#next);
    setImmediate(this.#turnEnds);
  }

  readonly #next = (): void => {
    const now = performance.now();
    if (this.#ends === 0) this.#ends = now + BUDGET_MS;
    else if (now >= this.#ends) return;
    const work = this.#begun.shift() ?? this.#new.shift();
    work?.();
  };

  readonly #turnEnds = (): void => {
    if (this.#begun.length + this.#new.length > 0) this.#planTurn();
    else this.#isPlanned = false;
  };
}

/** First come, first served; an array whose front is given back now and then. */
class Waiting {
  #items: (() => void)[] = [];
  #front = 0;

  get length(): number {
    return this.#items.length - this.#front;
  }

  push(work: () => void): void {
    this.#items.push(work);
  }

  shift(): (() => void) | undefined {
    const work = this.#items[this.#front];
    if (work === undefined) return undefined;
    this.#front++;
    if (this.#front === this.#items.length || this.#front > 1024) {
      this.#items = this.#items.slice(this.#front);
      this.#front = 0;
    }
    return work;
  }
}
