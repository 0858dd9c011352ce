// One channel on this node: its head, and its events handed on in order, each once.
import type { LoggedEvent } from "../../contract/durable.ts";

/** How long an event may wait for the one before it, which may be on its way from another node, before the log is read. */
const GAP_MS = 20;
/** The same while nothing can be on its way: only what comes in the same moment is waited for. */
const ALONE_MS = 1;
/** How long to wait after the log could not be read, or did not have what it should. */
const RETRY_MS = 1000;

/** What a stream does its work with. */
export interface StreamOptions {
  /** The offset up to which everything is known when the stream opens. */
  head: number;
  /** Hands an event to everyone on this node who is up to date. */
  deliver: (event: LoggedEvent) => void;
  /** Reads the events after an offset from the log, and the oldest offset that it keeps. */
  readAfter: (offset: number) => Promise<{ events: LoggedEvent[]; oldest: number }>;
  /** True while no other node can be heard: what is missing is not on its way then. */
  isAlone: () => boolean;
}

/** The events of one channel in the order of their offsets. */
export class Stream {
  readonly #deliver: StreamOptions["deliver"];
  readonly #readAfter: StreamOptions["readAfter"];
  readonly #isAlone: StreamOptions["isAlone"];
  /** Events that came before the one that is next. */
  readonly #early = new Map<number, LoggedEvent>();
  #waiters: { readonly offset: number; readonly resolve: () => void }[] = [];
  #head: number;
  /** How far the log is known to go. */
  #goal: number;
  #timer: NodeJS.Timeout | undefined;
  #isReading = false;
  #isClosed = false;

  constructor({ head, deliver, readAfter, isAlone }: StreamOptions) {
    this.#head = head;
    this.#goal = head;
    this.#deliver = deliver;
    this.#readAfter = readAfter;
    this.#isAlone = isAlone;
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
    const done = new Promise<void>((resolve) => this.#waiters.push({ offset: head, resolve }));
    this.reach(head);
    await done;
  }

  /** Stops for good. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#early.clear();
    this.#resolveWaiters();
  }

  #take(events: readonly LoggedEvent[]): void {
    for (const event of events) {
      if (event.offset <= this.#head) continue;
      this.#early.set(event.offset, event);
      this.#goal = Math.max(this.#goal, event.offset);
    }
  }

  /** Hands on what is next; where something is missing, reads the log after `waitMs`. */
  #advance(waitMs = this.#isAlone() ? ALONE_MS : GAP_MS): void {
    const early = this.#early;
    for (let next = early.get(this.#head + 1); next !== undefined; next = early.get(this.#head + 1)) {
      early.delete(next.offset);
      this.#head = next.offset;
      this.#deliver(next);
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
    if (this.#waiters.length === 0) return;
    for (const { offset, resolve } of this.#waiters) if (this.#isClosed || offset <= this.#head) resolve();
    this.#waiters = this.#isClosed ? [] : this.#waiters.filter(({ offset }) => offset > this.#head);
  }

  async #readMissing(): Promise<void> {
    this.#timer = undefined;
    this.#isReading = true;
    try {
      const { events, oldest } = await this.#readAfter(this.#head);
      this.#isReading = false;
      if (this.#isClosed) return; // whoever hears the channel by now has another stream
      this.#skipTo(oldest - 1);
      this.#take(events);
      this.#advance(events.length === 0 && this.#early.size === 0 ? RETRY_MS : undefined);
    } catch {
      this.#isReading = false; // the log cannot be read now; the gap stays
      this.#advance(RETRY_MS);
    }
  }

  /** What retention has taken will never come: goes on behind it. */
  #skipTo(offset: number): void {
    if (offset <= this.#head) return;
    this.#head = offset;
    for (const known of this.#early.keys()) if (known <= offset) this.#early.delete(known);
  }
}
