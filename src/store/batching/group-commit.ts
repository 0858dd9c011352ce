// Group commit: what many callers want written in the same few milliseconds goes to the database in one statement.
import { Failure } from "../../contract/errors.ts";
import { isSilence, isUnavailable } from "../errors.ts";
import { createQueue, type Queue, type QueueBounds, type Waiting } from "./queue.ts";
import { Semaphore } from "./semaphore.ts";

/** How a group commit works; every bound is there so that a database that stands still never makes a node grow. */
export interface GroupCommitOptions<Item, Result> {
  /**
   * Writes all items or none, in ONE transaction, and resolves after its commit with one result for each, in order. A
   * `Failure` among the results refuses that item alone.
   */
  commit(items: readonly Item[]): Promise<readonly (Result | Failure)[]>;
  /** The most items of one commit. */
  maxItems: number;
  /** How long an item waits for its commit, in milliseconds; then it is refused without having been written. */
  maxWaitMs: number;
  /** The most items that wait; one more is refused at once. */
  maxQueued: number;
  /** Commits at a time (1), or a semaphore that is shared with others. */
  concurrency?: number | Semaphore;
  /** The size of an item (1), for the next two bounds: the most of one commit, and of all that wait. */
  sizeOf?(item: Item): number;
  maxSize?: number;
  maxQueuedSize?: number;
  /** What an item must not share a commit over, such as the row that it writes. */
  conflictKeys?(item: Item): readonly string[];
  /** Hears of every commit that failed for good: the cause, and how many items it took with it. */
  onFailure?(error: unknown, items: number): void;
}

/** @see createGroupCommit */
export interface GroupCommit<Item, Result> {
  /**
   * Resolves after the commit that holds the item. Rejects with `SERVER_ERROR` when the database is away, the queue is full
   * or the wait too long, and then it may be tried again: only if the connection broke during the commit is it open whether
   * it was written, which is what keys are for. Rejects with the cause when the item itself cannot be written.
   */
  add(item: Item): Promise<Result>;
  /** Resolves when everything added so far has been written or refused. */
  flush(): Promise<void>;
  /** Takes nothing more, then flushes. */
  close(): Promise<void>;
}

const RETRY_AFTER_MS = 1_000;

/**
 * Creates a group commit. There is no timer before a commit: an item that finds nobody at work leaves at the end of the
 * event-loop turn, and while a commit is on its way the next batch gathers by itself.
 */
export function createGroupCommit<Item, Result>(options: GroupCommitOptions<Item, Result>): GroupCommit<Item, Result> {
  const committer = new Committer(options);
  return {
    add: (item) => committer.add(item),
    flush: () => committer.flush(),
    close: () => committer.close(),
  };
}

class Committer<Item, Result> implements GroupCommit<Item, Result> {
  readonly #options: GroupCommitOptions<Item, Result>;
  readonly #semaphore: Semaphore;
  readonly #queue: Queue<Item, Result>;
  readonly #sizeOf: (item: Item) => number;
  readonly #outstanding = new Set<Promise<Result>>();
  #isStarting = false;
  #isClosed = false;
  #expiry: NodeJS.Timeout | undefined;

  constructor(options: GroupCommitOptions<Item, Result>) {
    const { concurrency = 1, conflictKeys = () => [], sizeOf = () => 1 } = options;
    this.#options = options;
    this.#sizeOf = sizeOf;
    this.#semaphore = typeof concurrency === "number" ? new Semaphore(concurrency) : concurrency;
    const bounds: QueueBounds = {
      maxItems: options.maxItems,
      maxSize: options.maxSize ?? Number.POSITIVE_INFINITY,
      maxQueued: options.maxQueued,
      maxQueuedSize: options.maxQueuedSize ?? Number.POSITIVE_INFINITY,
    };
    this.#queue = createQueue<Item, Result>(bounds, conflictKeys);
  }

  add(item: Item): Promise<Result> {
    if (this.#isClosed) return Promise.reject(unavailableNow());
    const { maxWaitMs } = this.#options;
    const { promise, ...settlers } = withResolvers<Result>();
    const waiting = { item, size: this.#sizeOf(item), deadline: performance.now() + maxWaitMs, ...settlers };
    if (!this.#queue.push(waiting)) return Promise.reject(unavailableNow());
    this.#outstanding.add(promise);
    const done = (): void => void this.#outstanding.delete(promise);
    promise.then(done, done);
    this.#expiry ??= this.#expireIn(maxWaitMs);
    this.#start();
    return promise;
  }

  async flush(): Promise<void> {
    await Promise.allSettled(this.#outstanding);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush();
    clearTimeout(this.#expiry);
    this.#expiry = undefined;
  }

  #start(): void {
    if (this.#isStarting || this.#queue.length === 0) return;
    this.#isStarting = true;
    // The immediate lets everything in that this turn of the event loop still brings.
    void this.#semaphore.acquire().then((release) => setImmediate(() => this.#work(release)));
  }

  async #work(release: () => void): Promise<void> {
    this.#isStarting = false;
    const batch = this.#queue.take();
    this.#start();
    if (batch.length > 0) await this.#settle(batch);
    release();
  }

  /** Commits a batch. If one of its rows is bad, halves it until the bad one stands alone and fails alone. */
  async #settle(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#options.commit(batch.map(({ item }) => item));
      for (const [index, waiting] of batch.entries()) answer(waiting, results, index);
    } catch (error) {
      const unavailable = isUnavailable(error);
      if (!unavailable && batch.length > 1) {
        const half = batch.length >> 1;
        await this.#settle(batch.slice(0, half));
        await this.#settle(batch.slice(half));
        return;
      }
      this.#options.onFailure?.(error, batch.length);
      // Who has waited behind a database that says nothing must not wait for as long again, for the same.
      if (isSilence(error)) this.#queue.expire(Number.POSITIVE_INFINITY, unavailableNow());
      for (const waiting of batch) waiting.reject(unavailable ? unavailableNow() : error);
    }
  }

  /** Never what keeps a process alive. */
  #expireIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#expire(), Math.max(1, ms)).unref();
  }

  #expire(): void {
    const next = this.#queue.expire(performance.now(), unavailableNow());
    this.#expiry = next === undefined ? undefined : this.#expireIn(next - performance.now());
  }
}

function answer<Result>(
  waiting: Waiting<unknown, Result>,
  results: readonly (Result | Failure)[],
  index: number,
): void {
  const result = results[index] as Result | Failure;
  if (result instanceof Failure) waiting.reject(result);
  else waiting.resolve(result);
}

function unavailableNow(): Failure {
  return new Failure("SERVER_ERROR", undefined, { retryAfterMs: RETRY_AFTER_MS });
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  return { promise, resolve, reject };
}
