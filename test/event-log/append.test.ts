// Appending: offsets without holes, keys, bad rows, notifications; on every kind of database and from two nodes.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LoggedEvent } from "../../src/contract/durable.ts";
import { createEventLog, type EventLog } from "../../src/event-log/event-log.ts";
import { anyEvent } from "../support/any-event.ts";
import { describeDatabases, makeDatabase } from "../support/databases.ts";

const retention = { days: 7, count: 1000 };
const event = (channel: string, n: number, key?: string) =>
  anyEvent({ channel, event: "notifications", data: { n }, ...(key === undefined ? {} : { key }) });
const upTo = (head: number): number[] => Array.from({ length: head }, (_, index) => index + 1);

describeDatabases("appending", (database) => {
  let logs: readonly [EventLog, EventLog];

  beforeAll(async () => {
    const [first, second] = database.stores;
    logs = [createEventLog({ store: first, retention }), createEventLog({ store: second, retention })];
  });
  afterAll(async () => {
    await Promise.all(logs.map((log) => log.close()));
  });
  const offsets = async (channel: string): Promise<number[]> =>
    (await logs[0].read(channel, 0, 10_000)).events.map(({ offset }) => offset);

  test("an event comes back as it was appended, its fields in their order", async () => {
    const data = { zebra: 1, apple: "词法 \u0000 \\ \" ' {} 🦓", nested: { list: [1, null, "NULL", ""] } };
    const before = Date.now();
    const { event: appended, duplicate } = await logs[0].append(
      anyEvent({
        channel: "rooms/plain",
        event: "room_message",
        data,
      }),
    );
    expect(duplicate).toBe(false);
    expect(appended).toMatchObject({ channel: "rooms/plain", offset: 1, event: "room_message", data });
    expect(appended.id).toMatch(/^[0-9a-z]{9}[\w-]{12}$/);
    expect(Math.abs(appended.timestamp - before)).toBeLessThan(60_000);
    const { events } = await logs[1].read("rooms/plain", 0, 10);
    expect(events).toEqual([appended]);
    expect(JSON.stringify(events[0]?.data)).toBe(JSON.stringify(data));
  });

  test("a given timestamp is kept to the millisecond", async () => {
    const timestamp = 1_767_225_599_987;
    const { event: appended } = await logs[0].append(anyEvent({ ...event("rooms/time", 1), timestamp }));
    expect(appended.timestamp).toBe(timestamp);
    expect((await logs[0].read("rooms/time", 0, 1)).events[0]?.timestamp).toBe(timestamp);
  });

  test("200 appends at once to 20 channels from two nodes: every offset once, none missing", async () => {
    const channels = Array.from({ length: 20 }, (_, index) => `rooms/busy-${index}`);
    const calls = Array.from({ length: 200 }, async (_, n) => {
      const channel = channels[n % 20] ?? "";
      // Spread over several statements of both nodes.
      for (let turn = 0; turn < n % 5; turn += 1) await new Promise(setImmediate);
      const { event: appended } = await (n % 3 === 0 ? logs[0] : logs[1]).append(event(channel, n));
      return [appended.channel, appended.offset, appended.data["n"]];
    });
    const told = await Promise.all(calls);
    for (const channel of channels) {
      const { events, head, oldest } = await logs[0].read(channel, 0, 1000);
      expect(events.map(({ offset }) => offset)).toEqual(upTo(10));
      expect([head, oldest]).toEqual([10, 1]);
      const kept = events.map(({ offset, data }) => [channel, offset, data["n"]]);
      expect(told.filter(([name]) => name === channel).sort((a, b) => Number(a[1]) - Number(b[1]))).toEqual(kept);
    }
  });

  test("one key five times on two nodes at once is one event, and takes one offset", async () => {
    const results = await Promise.all(
      [0, 1, 2, 3, 4].map((n) => (n % 2 === 0 ? logs[0] : logs[1]).append(event("rooms/key", n, "one-key"))),
    );
    expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(new Set(results.map(({ event: appended }) => JSON.stringify(appended))).size).toBe(1);
    expect((await logs[0].append(event("rooms/key", 9))).event.offset).toBe(2);
    expect(await offsets("rooms/key")).toEqual([1, 2]);
  });

  test("many keys on two nodes at once, among events without: one event each, no hole", async () => {
    const appends = [0, 1].flatMap((node) =>
      Array.from({ length: 120 }, (_, n) => {
        const log = logs[node] as EventLog;
        return log.append(event(`rooms/keys-${n % 7}`, n, n % 4 === 0 ? undefined : `many-${n}`));
      }),
    );
    const results = await Promise.all(appends);
    const ids = new Set(results.map(({ event: appended }) => appended.id));
    expect(ids.size).toBe(90 + 2 * 30);
    let total = 0;
    for (let index = 0; index < 7; index += 1) {
      const found = await offsets(`rooms/keys-${index}`);
      expect(found).toEqual(upTo(found.length));
      total += found.length;
    }
    expect(total).toBe(ids.size);
  });

  test("a key that was used in another channel finds its event there", async () => {
    const first = await logs[0].append(event("rooms/here", 1, "elsewhere"));
    const second = await logs[1].append(event("rooms/there", 2, "elsewhere"));
    expect(second).toEqual({ event: first.event, duplicate: true });
    expect((await logs[0].heads(["rooms/there"])).get("rooms/there")).toEqual({ head: 0, oldest: 1 });
  });

  test("a row that the database refuses fails alone", async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) => logs[0].append(event(n === 31 ? "rooms/\u0000" : "rooms/among", n))),
    );
    expect(results.flatMap(({ status }, n) => (status === "rejected" ? [n] : []))).toEqual([31]);
    expect(await offsets("rooms/among")).toEqual(upTo(49));
  });

  test("data that is no JSON fails alone, before it reaches the database", async () => {
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    const [good, bad] = await Promise.allSettled([
      logs[0].append(event("rooms/json", 1)),
      logs[0].append(anyEvent({ channel: "rooms/json", event: "room_message", data: loop })),
    ]);
    expect([good.status, bad.status]).toEqual(["fulfilled", "rejected"]);
  });

  test("listeners hear every event of their node once, in order, before its publisher; duplicates not again", async () => {
    const heard: LoggedEvent[] = [];
    const stop = logs[0].onCommitted((events) => heard.push(...events));
    const late: string[] = [];
    const appended = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        for (let turn = 0; turn < n % 7; turn += 1) await new Promise(setImmediate);
        const result = await logs[0].append(event(`rooms/heard-${n % 3}`, n, n % 10 === 0 ? "heard" : undefined));
        if (!heard.some(({ id }) => id === result.event.id)) late.push(result.event.id);
        return result;
      }),
    );
    await logs[1].append(event("rooms/heard-0", 100));
    stop();
    await logs[0].append(event("rooms/heard-0", 101));
    expect(late).toEqual([]);
    expect(heard).toHaveLength(appended.filter(({ duplicate }) => !duplicate).length);
    for (const channel of ["rooms/heard-0", "rooms/heard-1", "rooms/heard-2"]) {
      const own = heard.filter((one) => one.channel === channel).map(({ offset }) => offset);
      expect(own).toEqual(upTo(own.length));
    }
  });

  test("a listener that throws harms neither the publisher nor the other listeners", async () => {
    const reported: string[] = [];
    const [store] = database.stores;
    const report = (_details: object, message: string) => void reported.push(message);
    const log = createEventLog({ store, retention, logger: { warn: report, error: report } });
    const heard: number[] = [];
    log.onCommitted(() => {
      throw new Error("broken");
    });
    log.onCommitted((events) => heard.push(...events.map(({ offset }) => offset)));
    expect((await log.append(event("rooms/broken", 1))).event.offset).toBe(1);
    expect(heard).toEqual([1]);
    expect(reported).toEqual(["a listener of the log failed"]);
    await log.close();
  });

  test("close writes what waits and refuses what comes after", async () => {
    const log = createEventLog({ store: database.stores[0], retention });
    const last = log.append(event("rooms/last", 1));
    await log.close();
    expect((await last).event.offset).toBe(1);
    await expect(log.append(event("rooms/last", 2))).rejects.toMatchObject({ code: "SERVER_ERROR" });
    expect(await offsets("rooms/last")).toEqual([1]);
  });
});

describe.each(["embedded", "postgres"] as const)("a restart on %s", (kind) => {
  test("offsets, keys, cursors and the epoch go on", async () => {
    const database = await makeDatabase(kind);
    try {
      const before = createEventLog({ store: database.stores[0], retention });
      const { event: first } = await before.append(event("rooms/restart", 1, "restart"));
      await before.acknowledge("ann", "rooms/restart", 1);
      await before.close();
      const store = await database.reopen();
      if (store === undefined) throw new Error(`${kind} keeps nothing`);
      const after = createEventLog({ store, retention });
      expect(after.epoch).toBe(before.epoch);
      expect(await after.append(event("rooms/restart", 2, "restart"))).toEqual({ event: first, duplicate: true });
      expect((await after.append(event("rooms/restart", 3))).event.offset).toBe(2);
      expect(await after.cursor("ann", "rooms/restart")).toBe(1);
      await after.close();
    } finally {
      await database.remove();
    }
  });
});
