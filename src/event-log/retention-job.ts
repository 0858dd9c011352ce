// The retention job: deletes at an interval what is beyond retention.
import type { Store } from "../store/store.ts";
import { type BusyChannels, createBusyChannels } from "./busy-channels.ts";
import { SETTLE_MS } from "./floor-rise.ts";
import { createPrune, type Pruned, type Retention } from "./retention.ts";

/** @see createRetentionJob */
export interface RetentionJob {
  /** Runs now, after a pass that is under way. What another node is at is left to it. */
  run(): Promise<Pruned>;
  /** Ends the interval, and a pass under way after its current statement. */
  close(): Promise<void>;
}

/** What the job works with; `everyMs` 0 is no interval, `settleMs` is for tests. */
export interface RetentionJobOptions {
  store: Store;
  retention: Retention;
  /** Channels that this node appends to; without them, those that are too long are found in passing. */
  busy?: BusyChannels;
  settleMs?: number;
  everyMs: number;
  onFailure(error: unknown): void;
}

/** Starts the interval, with its first pass after one interval. */
export function createRetentionJob(options: RetentionJobOptions): RetentionJob {
  const { store, retention, everyMs, onFailure } = options;
  const { busy = createBusyChannels(retention.count), settleMs = SETTLE_MS } = options;
  let stopped = false;
  const prune = createPrune({ store, retention, busy, settleMs, stopped: () => stopped });
  let last: Promise<unknown> = Promise.resolve();
  let passes = 0;
  const run = (): Promise<Pruned> => {
    passes += 1;
    const pass = last.then(prune).finally(() => {
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
