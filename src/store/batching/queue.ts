// The waiting line of a group commit: bounded, first come first served, and handed out in batches.
import type { Failure } from "../../contract/errors.ts";

/** An item that waits for its commit. */
export interface Waiting<Item, Result> {
  readonly item: Item;
  /** What it counts towards the bounds on weight. */
  readonly weight: number;
  /** When it has waited long enough, in the milliseconds of `performance.now()`. */
  readonly deadline: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** The bounds of a waiting line and of its batches. Weights are in whatever unit `weight` has. */
export interface LineBounds {
  readonly maxItems: number;
  readonly maxWeight: number;
  readonly maxQueued: number;
  readonly maxQueuedWeight: number;
}

/** @see createWaitingLine */
export interface WaitingLine<Item, Result> {
  readonly length: number;
  /** False when the line is full: it does not take more. */
  push(waiting: Waiting<Item, Result>): boolean;
  /** The next batch, at least one item if there is any. */
  take(): Waiting<Item, Result>[];
  /** Turns away those whose deadline has passed. @returns the deadline of the next one */
  expire(now: number, failure: Failure): number | undefined;
}

/**
 * Items for which `apart` names the same thing never share a batch: the second one waits for the batch after, so that one
 * statement never has to write one row twice.
 */
export function createWaitingLine<Item, Result>(
  bounds: LineBounds,
  apart: (item: Item) => readonly string[],
): WaitingLine<Item, Result> {
  let line: Waiting<Item, Result>[] = [];
  let weight = 0;
  return {
    get length() {
      return line.length;
    },
    push(waiting) {
      const full = line.length >= bounds.maxQueued || weight + waiting.weight > bounds.maxQueuedWeight;
      if (full) return false;
      line.push(waiting);
      weight += waiting.weight;
      return true;
    },
    take() {
      const batch: Waiting<Item, Result>[] = [];
      const passedOver: Waiting<Item, Result>[] = [];
      const named = new Set<string>();
      let batchWeight = 0;
      let looked = 0;
      for (const waiting of line) {
        // Those passed over are bounded too, so that a flood of one row does not make every batch search the whole line.
        if (batch.length >= bounds.maxItems || passedOver.length >= bounds.maxItems) break;
        if (batch.length > 0 && batchWeight + waiting.weight > bounds.maxWeight) break;
        looked += 1;
        const names = apart(waiting.item);
        const clashes = names.some((name) => named.has(name));
        for (const name of names) named.add(name);
        if (clashes) passedOver.push(waiting);
        else {
          batch.push(waiting);
          batchWeight += waiting.weight;
        }
      }
      line = [...passedOver, ...line.slice(looked)];
      weight -= batchWeight;
      return batch;
    },
    expire(now, failure) {
      const late = line.filter((waiting) => waiting.deadline <= now);
      if (late.length > 0) line = line.filter((waiting) => waiting.deadline > now);
      for (const waiting of late) {
        weight -= waiting.weight;
        waiting.reject(failure);
      }
      return line[0]?.deadline;
    },
  };
}
