// Reading, heads, cursors and acks, on every kind of database.
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEventLog, type EventLog } from "../../src/event-log/event-log.ts";
import { anyEvent } from "../support/any-event.ts";
import { describeDatabases } from "../support/databases.ts";

const retention = { days: 7, count: 1000 };

describeDatabases("reading", (database) => {
  let logs: readonly [EventLog, EventLog];

  beforeAll(async () => {
    const [first, second] = database.stores;
    logs = [createEventLog({ store: first, retention }), createEventLog({ store: second, retention })];
    const append = (n: number) =>
      logs[0].append(anyEvent({ channel: "messages/ann", event: "user_message", data: { n } }));
    await Promise.all(Array.from({ length: 30 }, (_, n) => append(n)));
  });
  afterAll(async () => {
    await Promise.all(logs.map((log) => log.close()));
  });

  test("gives what comes after an offset, in order and no more than asked for", async () => {
    const page = await logs[0].read("messages/ann", 10, 5);
    expect(page.events.map(({ offset, data }) => [offset, data["n"]])).toEqual([
      [11, 10],
      [12, 11],
      [13, 12],
      [14, 13],
      [15, 14],
    ]);
    expect([page.head, page.oldest]).toEqual([30, 1]);
  });

  test("stops where the events are large, but gives one at least, and so gets through all of them", async () => {
    const channel = "rooms/large";
    for (let n = 0; n < 6; n++)
      await logs[0].append(anyEvent({ channel, event: "room_message", data: { text: "x".repeat(1000) } }));
    const offsets = async (since: number, maxBytes: number) =>
      (await logs[1].read(channel, since, 10, maxBytes)).events.map(({ offset }) => offset);
    expect(await offsets(0, 2_500)).toEqual([1, 2, 3]);
    expect(await offsets(3, 1)).toEqual([4]);
    expect(await offsets(4, 1_000_000)).toEqual([5, 6]);
    expect(await logs[1].read(channel, 6, 10, 1)).toEqual({ events: [], head: 6, oldest: 1 });
  });

  test("gives the extent also where there is nothing to read", async () => {
    expect(await logs[0].read("messages/ann", 30, 10)).toEqual({ events: [], head: 30, oldest: 1 });
    expect(await logs[0].read("messages/ann", 999, 10)).toEqual({ events: [], head: 30, oldest: 1 });
    expect(await logs[0].read("messages/nobody", 0, 10)).toEqual({ events: [], head: 0, oldest: 1 });
  });

  test("heads name every channel asked for", async () => {
    const heads = await logs[0].heads(["messages/ann", "messages/nobody", "messages/ann"]);
    expect([...heads]).toEqual([
      ["messages/ann", { head: 30, oldest: 1 }],
      ["messages/nobody", { head: 0, oldest: 1 }],
    ]);
    expect(await logs[0].heads([])).toEqual(new Map());
  });

  test("a cursor moves forward only, and never beyond the head", async () => {
    expect(await logs[0].cursor("ann", "messages/ann")).toBeUndefined();
    await logs[0].acknowledge("ann", "messages/ann", 7);
    expect(await logs[1].cursor("ann", "messages/ann")).toBe(7);
    await logs[1].acknowledge("ann", "messages/ann", 5);
    expect(await logs[0].cursor("ann", "messages/ann")).toBe(7);
    await logs[0].acknowledge("ann", "messages/ann", 1_000_000);
    expect(await logs[0].cursor("ann", "messages/ann")).toBe(30);
    await logs[0].acknowledge("ann", "messages/none", 5);
    expect(await logs[0].cursor("ann", "messages/none")).toBe(0);
  });

  test("many acks at once, of two nodes and in any order, leave the furthest", async () => {
    const users = Array.from({ length: 40 }, (_, index) => `user-${index}`);
    const acks = [0, 1].flatMap((node) =>
      [12, 3, 20 + node, 8].flatMap((offset) =>
        (node === 0 ? users : [...users].reverse()).map((user) =>
          (logs[node] as EventLog).acknowledge(user, "messages/ann", offset),
        ),
      ),
    );
    await Promise.all(acks);
    const cursors = await Promise.all(users.map((user) => logs[0].cursor(user, "messages/ann")));
    expect(cursors).toEqual(users.map(() => 21));
  });
});
