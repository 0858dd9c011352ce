// Listeners of a durable event: all of them, in order, those that fail again, none twice.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Deliveries, deliver } from "../../src/client/deliver.ts";
import type { Listener } from "../../src/client/events.ts";
import type { ReceivedEvent } from "../../src/client/stream.ts";

const received: ReceivedEvent = { event: "e", payload: "p", meta: { channel: "c", offset: 1, id: "i" } };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function world(listeners: Listener<readonly unknown[]>[], attempts = 3) {
  const stop = new AbortController();
  const reports: { attempt: number; skipped: boolean }[] = [];
  const deliveries: Deliveries = {
    listeners: () => listeners,
    attempts,
    report: ({ attempt, skipped }) => reports.push({ attempt, skipped }),
    signal: stop.signal,
  };
  return { deliveries, reports, stop };
}

test("listeners are called one after the other with payload and meta", async () => {
  const order: string[] = [];
  const slow = async (payload: unknown, meta: unknown) => {
    order.push("slow begins");
    await Promise.resolve();
    order.push(`slow ends ${payload} ${JSON.stringify(meta)}`);
  };
  await deliver(received, world([slow, () => order.push("second")]).deliveries);
  expect(order).toEqual(["slow begins", `slow ends p ${JSON.stringify(received.meta)}`, "second"]);
});

test("only a listener that failed is called again", async () => {
  let failures = 2;
  const good = vi.fn();
  const flaky = vi.fn(() => {
    if (failures-- > 0) throw new Error("not yet");
  });
  const { deliveries, reports } = world([good, flaky]);
  const done = deliver(received, deliveries);
  await vi.runAllTimersAsync();
  await done;
  expect(good).toHaveBeenCalledTimes(1);
  expect(flaky).toHaveBeenCalledTimes(3);
  expect(reports).toEqual([
    { attempt: 1, skipped: false },
    { attempt: 2, skipped: false },
  ]);
});

test("after the last attempt the event is skipped, and that is said", async () => {
  const { deliveries, reports } = world([() => Promise.reject(new Error("never"))], 2);
  const done = deliver(received, deliveries);
  await vi.runAllTimersAsync();
  await done;
  expect(reports).toEqual([
    { attempt: 1, skipped: false },
    { attempt: 2, skipped: true },
  ]);
});

test("closing ends the wait for the next attempt; the event counts as not handled", async () => {
  const { deliveries, stop } = world([() => Promise.reject(new Error("never"))]);
  const done = deliver(received, deliveries);
  const refused = expect(done).rejects.toThrow("closed");
  await vi.advanceTimersByTimeAsync(0);
  stop.abort(new Error("closed"));
  await refused;
  expect(vi.getTimerCount()).toBe(0);
});
