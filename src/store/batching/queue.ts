// The queue of a group commit: bounded, first come first served, and handed out in batches.
import type { Failure } from "../../contract/errors.ts";

/** An item that waits for its commit. */
export interface Waiting<Item, Result> {
  readonly item: Item;
  /** What it counts towards the bounds on size. */
  readonly size: number;
  /** When it has waited long enough, in the milliseconds of `performance.now()`. */
  readonly deadline: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** The bounds of a queue and of its batches. Sizes are in whatever unit `size` has. */
export interface QueueBounds {
  readonly maxItems: number;
  readonly maxSize: number;
  readonly maxQueued: number;
  readonly maxQueuedSize: number;
}

/** @see createQueue */
export interface Queue<Item, Result> {
  readonly length: number;
  /** False when the queue is full: it does not take more. */
  push(waiting: Waiting<Item, Result>): boolean;
  /** The next batch, at least one item if there is any. */
  take(): Waiting<Item, Result>[];
  /** Rejects those whose deadline has passed. @returns the deadline of the next one */
  expire(now: number, failure: Failure): number | undefined;
}

/**
 * Items for which `conflictKeysOf` names the same thing never share a batch: the second one waits for the batch after, so that one
 * statement never has to write one row twice.
 */
export function createQueue<Item, Result>(
  bounds: QueueBounds,
  conflictKeysOf: (item: Item) => readonly string[],
): Queue<Item, Result> {
  let queue: Waiting<Item, Result>[] = [];
  let size = 0;
  return {
    get length() {
      return queue.length;
    },
    push(waiting) {
      const full = queue.length >= bounds.maxQueued || size + waiting.size > bounds.maxQueuedSize;
      if (full) return false;
      queue.push(waiting);
      size += waiting.size;
      return true;
    },
    take() {
      const batch: Waiting<Item, Result>[] = [];
      const passedOver: Waiting<Item, Result>[] = [];
      const named = new Set<string>();
      let batchSize = 0;
      let looked = 0;
      for (const waiting of queue) {
        // Those passed over are bounded too, so that a flood of one row does not make every batch search the whole queue.
        if (batch.length >= bounds.maxItems || passedOver.length >= bounds.maxItems) break;
        if (batch.length > 0 && batchSize + waiting.size > bounds.maxSize) break;
        looked += 1;
        const names = conflictKeysOf(waiting.item);
        const clashes = names.some((name) => named.has(name));
        for (const name of names) named.add(name);
        if (clashes) passedOver.push(waiting);
        else {
          batch.push(waiting);
          batchSize += waiting.size;
        }
      }
      queue = [...passedOver, ...queue.slice(looked)];
      size -= batchSize;
      return batch;
    },
    expire(now, failure) {
      const late = queue.filter((waiting) => waiting.deadline <= now);
      if (late.length > 0) queue = queue.filter((waiting) => waiting.deadline > now);
      for (const waiting of late) {
        size -= waiting.size;
        waiting.reject(failure);
      }
      return queue[0]?.deadline;
    },
  };
}
