// One channel: in order, each event once, nothing lost, whatever the network does.
import { expect, test } from "vitest";
import type { Position } from "../../src/client/positions.ts";
import { type ReceivedEvent, Stream } from "../../src/client/stream.ts";
import { eventually } from "../support/eventually.ts";

function received(offset: number, event = "e"): ReceivedEvent {
  return { event, payload: offset, meta: { channel: "c", offset, id: `id-${offset}` } };
}

/** A stream whose surroundings write down what it does. */
function make(from?: Position) {
  const log = { delivered: [] as number[], saved: [] as Position[], handled: [] as number[], asked: 0 };
  const world = { listeners: new Set(["e"]), epoch: "one", barrier: Promise.resolve() };
  const stream = new Stream(
    {
      epoch: () => world.epoch,
      hasListener: (names) => [...names].some((name) => world.listeners.has(name)),
      async deliver({ meta }) {
        await world.barrier;
        log.delivered.push(meta.offset);
      },
      async save(position) {
        log.saved.push(position);
      },
      handled: ({ offset }) => log.handled.push(offset),
      resubscribe: () => log.asked++,
      onError(error) {
        throw error;
      },
    },
    from,
  );
  const offer = (...offsets: number[]): void => {
    for (const offset of offsets) stream.offer(received(offset));
  };
  const delivered = (...offsets: number[]) =>
    eventually(() => {
      expect(log.delivered).toEqual(offsets);
      return true;
    });
  return { stream, world, log, offer, delivered };
}

test("the first event may have any offset, the others applyVisibility it", async () => {
  const { offer, log, delivered } = make();
  offer(7, 8, 9);
  await delivered(7, 8, 9);
  await eventually(() => log.handled.length === 3);
  expect(log.saved.at(-1)).toEqual({ offset: 9, epoch: "one" });
  expect(log.handled).toEqual([7, 8, 9]);
});

test("what was seen is dropped: a replay that overlaps changes nothing", async () => {
  const { offer, delivered, log } = make({ offset: 3, epoch: "one" });
  offer(2, 3, 4, 4, 3, 5);
  await delivered(4, 5);
  expect(log.asked).toBe(0);
});

test("a gap is asked for once, and nothing behind it is taken before it is filled", async () => {
  const { offer, delivered, log, stream } = make({ offset: 3, epoch: "one" });
  offer(6, 7);
  expect(log.asked).toBe(1);
  expect(stream.since).toEqual({ offset: 3, epoch: "one" });
  stream.startAfter(3); // the answer
  offer(4, 5, 6, 7);
  await delivered(4, 5, 6, 7);
  offer(9);
  expect(log.asked).toBe(2);
});

test("a request that died with its connection is made again", () => {
  const { offer, log, stream } = make({ offset: 1, epoch: "one" });
  offer(3, 4);
  stream.reconnected();
  offer(5);
  expect(log.asked).toBe(2);
});

test("where the server starts is the position of a channel that nothing was known of", async () => {
  const { stream, log } = make();
  stream.startAfter(12);
  expect(stream.since).toEqual({ offset: 12, epoch: "one" });
  await eventually(() => log.saved.length === 1);
  stream.startAfter(20); // known by now: an answer without loss changes nothing
  expect(stream.since?.offset).toBe(12);
});

test("after a loss the channel goes on where the server says, in the new epoch", async () => {
  const { stream, world, offer, delivered, log } = make({ offset: 90, epoch: "one" });
  world.epoch = "two";
  stream.startAfter(4, { lost: true });
  offer(5, 6);
  await delivered(5, 6);
  expect(log.saved[0]).toEqual({ offset: 4, epoch: "two" });
});

test("after a loss without a known start, what comes first is taken, and then order holds again", async () => {
  const { stream, offer, delivered, log } = make({ offset: 90, epoch: "old" });
  stream.startAnywhere();
  offer(41, 42, 44);
  await delivered(41, 42);
  expect(log.asked).toBe(1);
});

test("events that nobody listens to wait, unhandled, and are there for a listener that comes late", async () => {
  const { stream, world, offer, log, delivered } = make();
  world.listeners.clear();
  offer(5, 6);
  stream.listenerAdded(); // for something else
  stream.reconnected();
  offer(6, 7);
  expect(log).toMatchObject({ delivered: [], saved: [], handled: [], asked: 0 });
  expect(stream.since?.offset).toBe(7);
  world.listeners.add("e");
  stream.listenerAdded();
  await delivered(5, 6, 7);
  await eventually(() => log.handled.length === 3);
});

test("the start of a channel is kept although nobody listens yet", async () => {
  const { stream, world, log } = make();
  world.listeners.clear();
  stream.startAfter(9);
  await eventually(() => log.saved.length === 1);
});

test("who listens to one event only gets that one, and the others count as handled", async () => {
  const { stream, log } = make();
  for (const offset of [1, 2, 3]) stream.offer(received(offset, "unknown to this version"));
  expect(log.handled).toEqual([]);
  stream.offer(received(4));
  stream.offer(received(5, "unknown to this version"));
  await eventually(() => log.handled.length === 5);
  expect(log.handled).toEqual([1, 2, 3, 4, 5]);
  expect(log.saved.at(-1)?.offset).toBe(5);
});

test("more than a bound waiting for a listener are asked for once those before them are done", async () => {
  const { stream, world, offer, log } = make({ offset: 0, epoch: "one" });
  world.listeners.clear();
  offer(...Array.from({ length: 1200 }, (_, at) => at + 1));
  expect([stream.since?.offset, log.asked]).toEqual([1000, 0]);
  world.listeners.add("e");
  stream.listenerAdded();
  await eventually(() => log.asked === 1);
  expect(log.handled).toHaveLength(1000);
  stream.startAfter(1000);
  offer(1001, 1002);
  await eventually(() => log.handled.length === 1002);
});

test("more waiting events than a bound are asked for again once those before them are done", async () => {
  const { offer, world, log, stream } = make({ offset: 0, epoch: "one" });
  let open = (): void => undefined;
  world.barrier = new Promise((resolve) => {
    open = resolve;
  });
  offer(...Array.from({ length: 1500 }, (_, at) => at + 1));
  expect(stream.since?.offset).toBe(1000);
  open();
  await eventually(() => log.asked === 1);
  expect(log.handled).toHaveLength(1000);
});

test("close drops what waits, finishes what runs, and acknowledges no more than that", async () => {
  const { stream, offer, world, log } = make({ offset: 0, epoch: "one" });
  let open = (): void => undefined;
  world.barrier = new Promise((resolve) => {
    open = resolve;
  });
  offer(1, 2, 3);
  const closed = stream.close();
  offer(4, 5); // while it waits for what runs
  open();
  await closed;
  expect(log.delivered).toEqual([1]);
  expect(log.handled).toEqual([1]);
});
