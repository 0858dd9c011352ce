// AdmissionQueue: in order, bounded, a few in each turn of the event loop, and what has begun before what is new.
import { expect, it } from "vitest";
import { AdmissionQueue } from "../../src/connection/admission-queue.ts";

const turn = () => new Promise<void>((done) => setImmediate(done));
const busy = (ms: number): void => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

async function empty(queue: AdmissionQueue): Promise<number> {
  let turns = 0;
  for (; queue.waiting > 0; turns++) await turn();
  return turns;
}

it("does nothing at once, and all of it in order", async () => {
  const queue = new AdmissionQueue(1000);
  const done: number[] = [];
  for (let number = 0; number < 500; number++) expect(queue.add(() => done.push(number))).toBe(true);
  expect(done).toEqual([]);
  await empty(queue);
  expect(done).toEqual(Array.from({ length: 500 }, (_, number) => number));
  queue.add(() => done.push(500));
  await empty(queue);
  expect(done).toHaveLength(501);
});

it("refuses what is too many, and takes it again when there is room", async () => {
  const queue = new AdmissionQueue(3);
  const done: string[] = [];
  const add = (name: string) => queue.add(() => done.push(name));
  expect(["a", "b", "c", "d"].map(add)).toEqual([true, true, true, false]);
  expect(queue.waiting).toBe(3);
  await empty(queue);
  expect(add("e")).toBe(true);
  await empty(queue);
  expect(done).toEqual(["a", "b", "c", "e"]);
});

it("works for a few milliseconds in a turn, with what its work does in promises and ticks, and others come in between", async () => {
  const queue = new AdmissionQueue(1000);
  const inTurn: number[] = [];
  let count = 0;
  for (let number = 0; number < 60; number++) {
    queue.add(() => {
      void Promise.resolve()
        .then(() => busy(1))
        .then(() => process.nextTick(busy, 1));
      count++;
    });
  }
  while (queue.waiting > 0) {
    await turn();
    inTurn.push(count);
    count = 0;
  }
  // Two milliseconds each, of eight: a machine that is busy otherwise does fewer.
  expect(Math.max(...inTurn)).toBeLessThanOrEqual(5);
});

it("a connection that has begun goes before all that are new, and is never refused", async () => {
  const queue = new AdmissionQueue(100);
  const done: string[] = [];
  for (let number = 0; number < 100; number++) queue.add(() => done.push(`new ${number}`));
  const begun = Promise.all(["a", "b"].map((name) => queue.turn().then(() => done.push(name))));
  expect(queue.waiting).toBe(100);
  await begun;
  expect(done.slice(0, 2)).toEqual(["a", "b"]);
  await empty(queue);
  expect(done).toHaveLength(102);
});
