// A stream: events in the order of their offsets, each once, and gaps read from the log.
import { afterEach, expect, it, vi } from "vitest";
import type { LoggedEvent } from "../../../src/contract/durable.ts";
import { Stream } from "../../../src/realtime/streams/stream.ts";
import { eventually } from "../../support/eventually.ts";

const event = (offset: number): LoggedEvent => ({
  channel: "rooms/a",
  offset,
  id: `id-${offset}`,
  event: "room_message",
  data: {},
  timestamp: 0,
});
const events = (...offsets: number[]): LoggedEvent[] => offsets.map(event);

const open: Stream[] = [];
afterEach(() => {
  for (const stream of open.splice(0)) stream.close();
});

function streamOver(log: number[], { head = 0, isAlone = (): boolean => false } = {}) {
  const delivered: number[] = [];
  const reads: number[] = [];
  const stream = new Stream("rooms/a", head, {
    deliver: ({ offset }) => void delivered.push(offset),
    readAfter: async (_channel, offset) => {
      reads.push(offset);
      return { events: events(...log.filter((kept) => kept > offset)), oldest: log[0] ?? 1 };
    },
    isAlone,
  });
  open.push(stream);
  return { stream, delivered, reads };
}

it("hands on what comes in order, once", () => {
  const { stream, delivered, reads } = streamOver([]);
  stream.receive(events(1, 2));
  stream.receive(events(2, 3));
  expect(delivered).toEqual([1, 2, 3]);
  expect(stream.head).toBe(3);
  expect(reads).toEqual([]);
});

it("holds back what comes too early until the one before it is there", () => {
  const { stream, delivered } = streamOver([]);
  stream.receive(events(3, 2));
  expect(delivered).toEqual([]);
  stream.receive(events(1));
  expect(delivered).toEqual([1, 2, 3]);
});

it("reads a missing event from the log", async () => {
  const { stream, delivered } = streamOver([1, 2, 3]);
  stream.receive(events(1, 3));
  await eventually(() => expect(delivered).toEqual([1, 2, 3]));
});

it("waits for what may be on its way from another node, and does not while none can be heard", async () => {
  vi.useFakeTimers();
  try {
    let alone = false;
    const { stream, delivered, reads } = streamOver([1, 2, 3, 4], { isAlone: () => alone });
    stream.receive(events(2));
    await vi.advanceTimersByTimeAsync(5);
    expect(reads).toEqual([]);
    stream.receive(events(1));
    expect(delivered).toEqual([1, 2]);

    alone = true;
    stream.receive(events(4));
    await vi.advanceTimersByTimeAsync(5);
    expect(reads).toEqual([2]);
    expect(delivered).toEqual([1, 2, 3, 4]);
  } finally {
    vi.useRealTimers();
  }
});

it("reads the last events when it hears how far the log goes", async () => {
  const { stream, delivered } = streamOver([5, 6, 7], { head: 4 });
  stream.reach(7);
  await eventually(() => expect(delivered).toEqual([5, 6, 7]));
});

it("goes on behind what retention has taken from the log", async () => {
  const { stream, delivered } = streamOver([8, 9], { head: 4 });
  stream.receive(events(9));
  await eventually(() => expect(delivered).toEqual([8, 9]));
  stream.receive(events(10));
  expect(delivered).toEqual([8, 9, 10]);
});

it("tries again when the log cannot be read", async () => {
  let broken = true;
  const delivered: number[] = [];
  const stream = new Stream("rooms/a", 0, {
    deliver: ({ offset }) => void delivered.push(offset),
    readAfter: async () => {
      if (!broken) return { events: events(1), oldest: 1 };
      broken = false;
      throw new Error("the database is away");
    },
    isAlone: () => false,
  });
  open.push(stream);
  stream.receive(events(2));
  await eventually(() => expect(delivered).toEqual([1, 2]));
});

it("says when it has reached an offset, also one that only the log knows", async () => {
  const { stream, delivered } = streamOver([1, 2, 3]);
  await stream.reached(0);
  const reached = stream.reached(2);
  expect(delivered).toEqual([]);
  await reached;
  expect(delivered).toEqual([1, 2, 3]);
});

it("lets those go who wait when it closes", async () => {
  const { stream } = streamOver([]);
  const reached = stream.reached(5);
  stream.close();
  await reached;
  await stream.reached(9);
});

it("hands on nothing more once it is closed, even if it was reading", async () => {
  let answer = (_page: { events: LoggedEvent[]; oldest: number }): void => undefined;
  const delivered: number[] = [];
  let asked = false;
  const stream = new Stream("rooms/a", 0, {
    deliver: ({ offset }) => void delivered.push(offset),
    readAfter: () => {
      asked = true;
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
    isAlone: () => true,
  });
  stream.reach(2);
  await eventually(() => asked);
  stream.close();
  answer({ events: events(1, 2), oldest: 1 });
  await new Promise(setImmediate);
  expect(delivered).toEqual([]);
});

it("skips what the log no longer has, and keeps what came early", async () => {
  const delivered: number[] = [];
  const stream = new Stream("rooms/a", 0, {
    deliver: ({ offset }) => void delivered.push(offset),
    readAfter: async () => ({ events: [], oldest: 5 }),
    isAlone: () => false,
  });
  open.push(stream);
  stream.receive(events(3, 5));
  await eventually(() => expect(delivered).toEqual([5]));
  expect(stream.head).toBe(5);
});
