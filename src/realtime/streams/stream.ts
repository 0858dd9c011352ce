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
export interface Stream {
  /** The offset of the last event that was handed on. */
  readonly head: number;
  /** Takes events as they come, twice or out of order; hands on what is next, and reads what is missing from the log. */
  receive(events: readonly LoggedEvent[]): void;
  /** Says that the log goes up to `head`: what is missing up to there is read. */
  reach(head: number): void;
  /** The same, and resolves when everything up to there was handed on, or the stream is closed. */
  reached(head: number): Promise<void>;
  /** Stops for good. */
  close(): void;
}

/** Opens the stream of one channel. */
export function createStream({ head: start, deliver, readAfter, isAlone }: StreamOptions): Stream {
  const early = new Map<number, LoggedEvent>();
  let waiting: { offset: number; resolve: () => void }[] = [];
  let head = start;
  let goal = start; // how far the log is known to go
  let timer: NodeJS.Timeout | undefined;
  let reading = false;
  let closed = false;

  function advance(wait = isAlone() ? ALONE_MS : GAP_MS): void {
    for (let next = early.get(head + 1); next !== undefined; next = early.get(head + 1)) {
      early.delete(next.offset);
      head = next.offset;
      deliver(next);
    }
    settle();
    if (goal <= head) {
      clearTimeout(timer);
      timer = undefined;
    } else if (timer === undefined && !reading && !closed) {
      timer = setTimeout(fill, wait);
    }
  }

  /** Lets go of those who wait for what has come. */
  function settle(): void {
    if (waiting.length === 0) return;
    for (const { offset, resolve } of waiting) if (closed || offset <= head) resolve();
    waiting = closed ? [] : waiting.filter(({ offset }) => offset > head);
  }

  function take(events: readonly LoggedEvent[]): void {
    for (const event of events) {
      if (event.offset <= head) continue;
      early.set(event.offset, event);
      goal = Math.max(goal, event.offset);
    }
  }

  async function fill(): Promise<void> {
    timer = undefined;
    reading = true;
    try {
      const { events, oldest } = await readAfter(head);
      reading = false;
      if (closed) return; // whoever hears the channel by now has another stream
      skipTo(oldest - 1);
      take(events);
      advance(events.length === 0 && early.size === 0 ? RETRY_MS : undefined);
    } catch {
      reading = false; // the log cannot be read now; the gap stays
      advance(RETRY_MS);
    }
  }

  /** What retention has taken will never come: goes on behind it. */
  function skipTo(offset: number): void {
    if (offset <= head) return;
    head = offset;
    for (const known of early.keys()) if (known <= head) early.delete(known);
  }

  function reach(known: number): void {
    goal = Math.max(goal, known);
    advance();
  }

  return {
    get head() {
      return head;
    },
    receive(events) {
      take(events);
      advance();
    },
    reach,
    async reached(offset) {
      if (offset <= head || closed) return;
      const done = new Promise<void>((resolve) => waiting.push({ offset, resolve }));
      reach(offset);
      await done;
    },
    close() {
      closed = true;
      clearTimeout(timer);
      early.clear();
      settle();
    },
  };
}
