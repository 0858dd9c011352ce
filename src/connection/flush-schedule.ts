// The flush schedule: connections that have something to send are flushed at the end of the tick, and of very many a few at a time.

/** How long connections are flushed in one go before others have their turn, in milliseconds. */
const BUDGET_MS = 5;
/** This many are flushed before the clock is looked at. Whoever has no more in one tick (an answer) waits for no broadcast. */
const STRIDE = 16;

/** In the list of this tick. */
const FRESH = 1;
/** In the list of those that are left over from earlier ticks. */
const LATE = 2;

/** What is flushed: the send queue of one connection. */
export interface Flushable {
  /** Hands everything that waits to the kernel, in its order. Does nothing where nothing waits. Must not throw. */
  flush(): void;
  /** In which lists of the schedule it is: 0 at first, and written by the schedule only. */
  listed: number;
}

/**
 * Flushes send queues, each in one go, so that what came for a connection in one tick leaves in one write. A broadcast to ten
 * thousand connections is that many writes: after {@link BUDGET_MS} the rest is left for later turns of the event loop, and
 * what else there is to do comes in between.
 *
 * MUST: flush everything that was added, without being asked again; flush what was added for a connection alone at the end of
 * its tick, also while others are left over, and that connection's earlier frames with it.
 * MUST NOT: change the order of one connection, which is its queue's: what comes later is behind what waits there. (Between
 * connections there is no order.) Whoever writes past the queue, as control frames do, flushes it before.
 */
export class FlushSchedule {
  #fresh: Flushable[] = [];
  #late: Flushable[] = [];
  /** When the budget of this turn is used up. */
  #ends = 0;

  /** Has `item` flushed at the end of this tick, or soon after. To be called whenever something was put into its queue. */
  add(item: Flushable): void {
    if ((item.listed & FRESH) !== 0) return;
    item.listed |= FRESH;
    if (this.#fresh.push(item) === 1) process.nextTick(this.#tickEnds);
  }

  readonly #tickEnds = (): void => {
    const items = this.#fresh;
    this.#fresh = [];
    const isBehind = this.#late.length > 0;
    if (!isBehind) this.#ends = performance.now() + BUDGET_MS;
    const flushed = this.#flush(items, FRESH);
    if (flushed === items.length) return;
    for (let at = flushed; at < items.length; at++) {
      const item = items[at] as Flushable;
      if ((item.listed & LATE) === 0) this.#late.push(item); // where it is already, its turn comes earlier
      item.listed = LATE;
    }
    if (!isBehind) setImmediate(this.#turn);
  };

  readonly #turn = (): void => {
    this.#ends = performance.now() + BUDGET_MS;
    const items = this.#late;
    const flushed = this.#flush(items, LATE);
    this.#late = items.slice(flushed);
    if (this.#late.length > 0) setImmediate(this.#turn);
  };

  /** Flushes from the front while there is time, but some in any case; returns how many. */
  #flush(items: readonly Flushable[], list: number): number {
    let at = 0;
    do {
      for (const end = Math.min(at + STRIDE, items.length); at < end; at++) {
        const item = items[at] as Flushable;
        item.listed &= ~list;
        item.flush();
      }
    } while (at < items.length && performance.now() < this.#ends);
    return at;
  }
}
