// FlushSchedule: everything is flushed, a broadcast in slices, and an answer does not wait for them.
import { expect, it } from "vitest";
import { type Flushable, FlushSchedule } from "../../src/connection/flush-schedule.ts";

/** A queue whose flush takes as long as it says, and notes what went out. */
class Queue implements Flushable {
  listed = 0;
  readonly waiting: string[] = [];
  readonly #name: string;
  readonly #sent: string[];
  readonly #ms: number;

  constructor(name: string, sent: string[], ms = 0) {
    this.#name = name;
    this.#sent = sent;
    this.#ms = ms;
  }

  flush(): void {
    if (this.waiting.length === 0) return;
    const until = performance.now() + this.#ms;
    while (performance.now() < until);
    for (const frame of this.waiting.splice(0)) this.#sent.push(`${this.#name} ${frame}`);
  }
}

const tick = () => new Promise<void>((done) => process.nextTick(done));
const turn = () => new Promise<void>((done) => setImmediate(done));

function crowd(count: number, ms: number) {
  const sent: string[] = [];
  const schedule = new FlushSchedule();
  const queues = Array.from({ length: count }, (_, index) => new Queue(`q${index}`, sent, ms));
  const push = (queue: Queue, frame: string): void => {
    queue.waiting.push(frame);
    schedule.add(queue);
  };
  return { sent, schedule, queues, push };
}

it("flushes what came in a tick at its end, each connection once", async () => {
  const { sent, queues, push } = crowd(3, 0);
  for (const frame of ["1", "2"]) for (const queue of queues) push(queue, frame);
  expect(sent).toEqual([]);
  await tick();
  expect(sent).toEqual(["q0 1", "q0 2", "q1 1", "q1 2", "q2 1", "q2 2"]);
});

it("flushes a broadcast over several turns, in order, and lets others in between", async () => {
  const { sent, queues, push } = crowd(200, 1);
  let turns = 0;
  for (const queue of queues) push(queue, "first");
  await tick();
  expect(sent.length).toBeLessThan(100);
  for (const queue of queues) push(queue, "second");
  for (; sent.length < 400; turns++) await turn();
  expect(turns).toBeGreaterThan(2);
  for (const [index] of queues.entries()) {
    expect(sent.filter((line) => line.startsWith(`q${index} `))).toEqual([`q${index} first`, `q${index} second`]);
  }
});

it("an answer goes out at the end of its tick while a broadcast is left over, behind what its connection was sent before", async () => {
  const { sent, schedule, queues, push } = crowd(200, 1);
  const other = new Queue("other", sent);
  for (const queue of queues) push(queue, "broadcast");
  await tick();
  const last = queues.at(-1) as Queue;
  push(other, "answer");
  push(last, "answer");
  await tick();
  expect(sent.slice(-3)).toEqual(["other answer", "q199 broadcast", "q199 answer"]);
  expect(sent.length).toBeLessThan(150);
  while (sent.length < 202) await turn();
  expect(last.listed | other.listed).toBe(0);
  void schedule;
});

it("whatever is pushed meanwhile, all of it is flushed once, in the order of its connection", async () => {
  const { sent, queues, push } = crowd(300, 0.05);
  for (let round = 0; round < 10; round++) {
    for (const queue of queues) push(queue, `${round}`);
    if (round % 2 === 0) await turn();
    for (const queue of queues.slice(round * 7, round * 7 + 20)) push(queue, `${round}+`);
    await tick();
  }
  for (let at = 0; queues.some(({ waiting, listed }) => waiting.length > 0 || listed > 0) && at < 1000; at++)
    await turn();
  expect(sent).toHaveLength(300 * 10 + 20 * 10);
  for (const [index] of queues.entries()) {
    const rounds = sent.flatMap((line) =>
      line.startsWith(`q${index} `) ? [Number.parseInt(line.split(" ")[1] ?? "", 10)] : [],
    );
    expect(rounds).toEqual(rounds.toSorted((a, b) => a - b));
  }
});
