// Waiting: for a time that may be cut short, and for times longer than one timer can take.

/** setTimeout takes no more; longer waits are taken in steps. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** What is used of an `AbortSignal`. */
export interface StopSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** An `AbortController` for platforms without one, or whose signals keep no reason. */
export class Stop {
  readonly signal: StopSignal;
  readonly #listeners = new Set<() => void>();
  #reason: unknown;
  #isAborted = false;

  constructor() {
    const isAborted = (): boolean => this.#isAborted;
    const reason = (): unknown => this.#reason;
    this.signal = {
      get aborted() {
        return isAborted();
      },
      get reason() {
        return reason();
      },
      addEventListener: (_type, listener) => void this.#listeners.add(listener),
      removeEventListener: (_type, listener) => void this.#listeners.delete(listener),
    };
  }

  /** The first call counts. */
  abort(reason: Error): void {
    if (this.#isAborted) return;
    this.#isAborted = true;
    this.#reason = reason;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted. */
export function sleep(ms: number, signal: StopSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop);
  });
}

/** A single alarm that may be set again and again; setting it again replaces the one before. */
export class Alarm {
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Calls `work` after `ms`, however long that is; at once for a negative wait. */
  after(ms: number, work: () => void): void {
    clearTimeout(this.#timer);
    const rest = ms - LONGEST_TIMER_MS;
    this.#timer =
      rest > 0 ? setTimeout(() => this.after(rest, work), LONGEST_TIMER_MS) : setTimeout(work, Math.max(0, ms));
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}
