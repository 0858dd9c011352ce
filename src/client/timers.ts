// Waiting: for a time that may be cut short, and for times longer than one timer can take.

/** setTimeout takes no more; longer waits are taken in steps. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** A single alarm that may be set again and again; setting it again replaces the one before. */
export class Alarm {
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Calls `work` at `time` (epoch milliseconds), however far away that is. */
  at(time: number, work: () => void): void {
    clearTimeout(this.#timer);
    const left = Math.max(0, time - Date.now());
    this.#timer =
      left > LONGEST_TIMER_MS ? setTimeout(() => this.at(time, work), LONGEST_TIMER_MS) : setTimeout(work, left);
  }

  /** Calls `work` after `ms`. */
  after(ms: number, work: () => void): void {
    this.at(Date.now() + ms, work);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}
