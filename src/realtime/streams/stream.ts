// One channel on this node: its head, and its events handed on in order, each once.
import type { LoggedEvent } from "../../contract/durable.ts";

/** How long an event may wait for the one before it, which another node may still be publishing, before the log is read. */
const GAP_MS = 50;
/** How long to wait after the log could not be read. */
const RETRY_MS = 1000;

/** What a stream does its work with. */
export interface StreamOptions {
  /** The offset up to which everything is known when the stream opens. */
  head: number;
  /** Hands an event to everyone on this node who is up to date. */
  deliver: (event: LoggedEvent) => void;
  /** Reads the events after an offset from the log. */
  readAfter: (offset: number) => Promise<LoggedEvent[]>;
}

/** The events of one channel in the order of their offsets. */
export interface Stream {
  /** The offset of the last event that was handed on. */
  readonly head: number;
  /** Takes events as they come, twice or out of order; hands on what is next, and reads what is missing from the log. */
  receive(events: readonly LoggedEvent[]): void;
  /** Says that the log goes up to `head`: what is missing up to there is read. */
  reach(head: number): void;
  /** Stops for good. */
  close(): void;
}

/** Opens the stream of one channel. */
export function createStream({ head: start, deliver, readAfter }: StreamOptions): Stream {
  const early = new Map<number, LoggedEvent>();
  let head = start;
  let goal = start; // how far the log is known to go
  let timer: NodeJS.Timeout | undefined;
  let reading = false;
  let closed = false;

  function advance(wait = GAP_MS): void {
    for (let next = early.get(head + 1); next !== undefined; next = early.get(head + 1)) {
      early.delete(next.offset);
      head = next.offset;
      deliver(next);
    }
    if (goal <= head) {
      clearTimeout(timer);
      timer = undefined;
    } else if (timer === undefined && !reading && !closed) {
      timer = setTimeout(fill, wait);
    }
  }

  function receive(events: readonly LoggedEvent[]): void {
    for (const event of events) {
      if (event.offset <= head) continue;
      early.set(event.offset, event);
      goal = Math.max(goal, event.offset);
    }
    advance();
  }

  async function fill(): Promise<void> {
    timer = undefined;
    reading = true;
    try {
      const missed = await readAfter(head);
      const first = missed[0];
      // What was dropped by retention will never come: go on behind it.
      if (first !== undefined && first.offset > head + 1 && !early.has(head + 1)) head = first.offset - 1;
      else if (first === undefined && early.size === 0) goal = head;
      reading = false;
      receive(missed);
    } catch {
      reading = false; // the log cannot be read now; the gap stays
      advance(RETRY_MS);
    }
  }

  return {
    get head() {
      return head;
    },
    receive,
    reach(known) {
      goal = Math.max(goal, known);
      advance();
    },
    close() {
      closed = true;
      clearTimeout(timer);
      early.clear();
    },
  };
}
