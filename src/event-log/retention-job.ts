// The cleaner: forgets on an interval what is beyond retention.
import type { Store } from "../store/store.ts";
import { type Forgotten, forget, type Retention } from "./retention.ts";

/** @see createCleaner */
export interface Cleaner {
  /** Cleans now, after a pass that is under way. Nodes take turns: what another one is at is left to it. */
  run(): Promise<Forgotten>;
  /** Ends the interval, and a pass under way after its current statement. */
  close(): Promise<void>;
}

/** What a cleaner is made of; `everyMs` 0 is no interval. */
export interface CleanerOptions {
  store: Store;
  retention: Retention;
  everyMs: number;
  onFailure(error: unknown): void;
}

/** Starts the interval, with its first pass after one interval. */
export function createCleaner(options: CleanerOptions): Cleaner {
  const { store, retention, everyMs, onFailure } = options;
  let stopped = false;
  let last: Promise<unknown> = Promise.resolve();
  let passes = 0;
  const run = (): Promise<Forgotten> => {
    passes += 1;
    const pass = last
      .then(() => forget(store, retention, () => stopped))
      .finally(() => {
        passes -= 1;
      });
    last = pass.catch(() => undefined);
    return pass;
  };
  // A pass over a large backlog may take longer than an interval; another one would only queue up behind it.
  const tick = (): void => {
    if (passes === 0) run().catch(onFailure);
  };
  const timer = everyMs > 0 ? setInterval(tick, everyMs).unref() : undefined;
  return {
    run,
    async close() {
      stopped = true;
      clearInterval(timer);
      await last;
    },
  };
}
