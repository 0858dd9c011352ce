// Acks: few messages, the newest offset of each channel, and again what did not arrive.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Acks } from "../../src/client/acks.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function make(refuse: () => boolean = () => false) {
  const sent: [string, number][] = [];
  const acks = new Acks(async (channel, { offset }) => {
    sent.push([channel, offset]);
    if (refuse()) throw new Error("not taken");
  });
  const note = (channel: string, offset: number): void => acks.note(channel, { offset, epoch: "one" });
  return { acks, note, sent };
}

test("what is handled within a quarter of a second goes out as one ack per channel", async () => {
  const { note, sent } = make();
  for (const offset of [1, 2, 3]) note("a", offset);
  note("b", 9);
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(250);
  expect(sent).toEqual([
    ["a", 3],
    ["b", 9],
  ]);
});

test("many at once are acknowledged without waiting", async () => {
  const { note, sent } = make();
  for (let offset = 1; offset <= 100; offset++) note("a", offset);
  await vi.advanceTimersByTimeAsync(0);
  expect(sent).toEqual([["a", 100]]);
});

test("an ack that was not taken goes out again with the next flush, with the newest offset", async () => {
  let broken = true;
  const { acks, note, sent } = make(() => broken);
  note("a", 1);
  await acks.flush();
  note("a", 2);
  broken = false;
  await acks.flush();
  await acks.flush();
  expect(sent).toEqual([
    ["a", 1],
    ["a", 2],
  ]);
});

test("nothing is sent after stop", async () => {
  const { acks, note, sent } = make();
  note("a", 1);
  acks.stop();
  await vi.runAllTimersAsync();
  expect(sent).toEqual([]);
});
