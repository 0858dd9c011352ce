/** One piece of work after the other per key, so that looking and acting are one step. */

/** Runs the work of each key in the order it came; a failed piece does not stop the next. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Does `work` when everything before it on `key` is done; settles as `work` does. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const turn = before === undefined ? work() : before.then(work, work);
    this.#last.set(key, turn);
    const leave = () => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    };
    turn.then(leave, leave);
    return turn;
  }
}
