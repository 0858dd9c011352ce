// One channel on this node: its head, and its events handed on in order, each once.
import type { LoggedEvent } from "../../contract/durable.ts";

/** How long an event may wait for the one before it, which may be on its way from another node, before the log is read. */
const GAP_MS = 20;
/** The same while nothing can be on its way: only what comes in the same moment is waited for. */
const ALONE_MS = 1;
/** How long to wait after the log could not be read, or did not have what it should. */
const RETRY_MS = 1000;

/** What the streams of a node do their work with. */
export interface StreamSurroundings {
  /** Hands an event to everyone on this node who is up to date. */
  deliver(event: LoggedEvent): void;
  /** Reads the events of a channel after an offset from the log, and the oldest offset that it keeps. */
  readAfter(channel: string, offset: number): Promise<{ events: LoggedEvent[]; oldest: number }>;
  /** True while no other node can be heard: what is missing is not on its way then. */
  isAlone(): boolean;
}

interface Waiter {
  readonly offset: number;
  readonly resolve: () => void;
}

/** The events of one channel in the order of their offsets. Most channels have one subscriber and are quiet: a stream is small. */
export class Stream {
  readonly #channel: string;
  readonly #surroundings: StreamSurroundings;
  /** Events that came before the one that is next. */
  #early: Map<number, LoggedEvent> | undefined;
  #waiters: Waiter[] | undefined;
  #head: number;
  /** How far the log is known to go. */
  #goal: number;
  #timer: NodeJS.Timeout | undefined;
  #isReading = false;
  #isClosed = false;

  /** @param head the offset up to which everything is known when the stream opens */
  constructor(channel: string, head: number, surroundings: StreamSurroundings) {
    this.#channel = channel;
    this.#head = head;
    this.#goal = head;
    this.#surroundings = surroundings;
  }

  /** The offset of the last event that was handed on. */
  get head(): number {
    return this.#head;
  }

  /** Takes events as they come, twice or out of order; hands on what is next, and reads what is missing from the log. */
  receive(events: readonly LoggedEvent[]): void {
    this.#take(events);
    this.#advance();
  }

  /** Says that the log goes up to `head`: what is missing up to there is read. */
  reach(head: number): void {
    this.#goal = Math.max(this.#goal, head);
    this.#advance();
  }

  /** The same, and resolves when everything up to there was handed on, or the stream is closed. */
  async reached(head: number): Promise<void> {
    if (head <= this.#head || this.#isClosed) return;
    const done = new Promise<void>((resolve) => {
      this.#waiters ??= [];
      this.#waiters.push({ offset: head, resolve });
    });
    this.reach(head);
    await done;
  }

  /** Stops for good. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#early = undefined;
    this.#resolveWaiters();
  }

  #take(events: readonly LoggedEvent[]): void {
    for (const event of events) {
      if (event.offset <= this.#head) continue;
      this.#goal = Math.max(this.#goal, event.offset);
      if (event.offset === this.#head + 1) this.#handOn(event);
      else {
        this.#early ??= new Map();
        this.#early.set(event.offset, event);
      }
    }
  }

  #handOn(event: LoggedEvent): void {
    this.#head = event.offset;
    this.#surroundings.deliver(event);
  }

  /** Hands on what is next; where something is missing, reads the log after `waitMs`. */
  #advance(waitMs = this.#surroundings.isAlone() ? ALONE_MS : GAP_MS): void {
    const early = this.#early;
    if (early !== undefined) {
      for (const known of early.keys()) if (known <= this.#head) early.delete(known); // it came twice
      for (let next = early.get(this.#head + 1); next !== undefined; next = early.get(this.#head + 1)) {
        early.delete(next.offset);
        this.#handOn(next);
      }
      if (early.size === 0) this.#early = undefined;
    }
    this.#resolveWaiters();
    if (this.#goal <= this.#head) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } else if (this.#timer === undefined && !this.#isReading && !this.#isClosed) {
      this.#timer = setTimeout(() => void this.#readMissing(), waitMs);
    }
  }

  /** Resolves those who wait for what has come. */
  #resolveWaiters(): void {
    if (this.#waiters === undefined) return;
    for (const { offset, resolve } of this.#waiters) if (this.#isClosed || offset <= this.#head) resolve();
    const left = this.#isClosed ? [] : this.#waiters.filter(({ offset }) => offset > this.#head);
    this.#waiters = left.length === 0 ? undefined : left;
  }

  async #readMissing(): Promise<void> {
    this.#timer = undefined;
    this.#isReading = true;
    try {
      const { events, oldest } = await this.#surroundings.readAfter(this.#channel, this.#head);
      this.#isReading = false;
      if (this.#isClosed) return; // whoever hears the channel by now has another stream
      this.#skipTo(oldest - 1);
      this.#take(events);
      this.#advance(events.length === 0 && this.#early === undefined ? RETRY_MS : undefined);
    } catch {
      this.#isReading = false; // the log cannot be read now; the gap stays
      this.#advance(RETRY_MS);
    }
  }

  /** What retention has taken will never come: goes on behind it. */
  #skipTo(offset: number): void {
    this.#head = Math.max(this.#head, offset);
  }
}
