// Retention: what is forgotten, what stays, and that cleaning holds nobody up.
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EVERYONE } from "../../src/contract/channel-names.ts";
import { createEventLog, type EventLog } from "../../src/event-log/event-log.ts";
import { createRetentionJob } from "../../src/event-log/retention-job.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { anyEvent } from "../support/any-event.ts";
import { describeDatabases } from "../support/databases.ts";
import { createDatabase } from "../support/shared.ts";

const retention = { days: 7, count: 10 };
const DAY_MS = 86_400_000;

const fail = (error: unknown): never => {
  throw error;
};
const cleanerOf = (store: Store) => createRetentionJob({ store, retention, everyMs: 0, onFailure: fail });

/** Appends events of these ages in days, in this order. */
async function fill(log: EventLog, channel: string, ages: number[]): Promise<void> {
  const now = Date.now();
  for (const age of ages) {
    await log.append(anyEvent({ channel, event: "e", data: { age }, timestamp: Math.round(now - age * DAY_MS) }));
  }
}

/** Offsets that are in the table, whatever `oldest` says. */
async function stored(store: Store, channel: string): Promise<number[]> {
  const rows = await store.query<{ seq: number }>("SELECT seq FROM channel_events WHERE channel = $1 ORDER BY seq", [
    channel,
  ]);
  return rows.map(({ seq }) => seq);
}

describeDatabases("retention", (database) => {
  let log: EventLog;
  let store: Store;

  beforeAll(async () => {
    [store] = database.stores;
    log = createEventLog({ store, retention, cleanEveryMs: 0 });
  });
  afterAll(async () => {
    await log.close();
  });

  test("a channel keeps its newest events up to the count; offsets go on", async () => {
    await fill(log, "rooms/count", Array(25).fill(0));
    await fill(log, "rooms/few", Array(10).fill(0));
    expect((await cleanerOf(store).run()).events).toBeGreaterThanOrEqual(15);
    expect(await stored(store, "rooms/count")).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25]);
    expect(await log.read("rooms/count", 0, 1)).toMatchObject({ head: 25, oldest: 16, events: [{ offset: 16 }] });
    expect(await log.read("rooms/few", 0, 1)).toMatchObject({ head: 10, oldest: 1 });
    await fill(log, "rooms/count", [0]);
    expect((await log.heads(["rooms/count"])).get("rooms/count")).toEqual({ head: 26, oldest: 16 });
  });

  test("events beyond the age go, up to the first one within it", async () => {
    await fill(log, "rooms/age", [9, 8, 7.01, 6.9, 1, 0]);
    await fill(log, "rooms/all-old", [30, 20, 10]);
    await fill(log, "rooms/late", [0, 20, 0]);
    await cleanerOf(store).run();
    expect(await stored(store, "rooms/age")).toEqual([4, 5, 6]);
    expect(await log.read("rooms/age", 0, 1)).toMatchObject({ head: 6, oldest: 4 });
    expect(await stored(store, "rooms/all-old")).toEqual([]);
    expect(await log.read("rooms/all-old", 0, 1)).toEqual({ head: 3, oldest: 4, events: [] });
    // What is kept has no holes, hence an old event between newer ones stays until those before it go.
    expect(await stored(store, "rooms/late")).toEqual([1, 2, 3]);
    await fill(log, "rooms/all-old", [0]);
    expect(await log.read("rooms/all-old", 0, 5)).toMatchObject({ head: 4, oldest: 4, events: [{ offset: 4 }] });
  });

  test("what a node left below the oldest offset when it died goes with its age", async () => {
    await fill(log, "rooms/left", [9, 9, 8, 0]);
    await store.query("UPDATE channels SET oldest = 4 WHERE name = $1", ["rooms/left"]);
    expect((await log.read("rooms/left", 0, 10)).events.map(({ offset }) => offset)).toEqual([4]);
    await cleanerOf(store).run();
    expect(await stored(store, "rooms/left")).toEqual([4]);
  });

  test("a key stands for its event for a day, whatever has become of that", async () => {
    const keyed = (hours: number) =>
      anyEvent({
        channel: "rooms/keyed",
        event: "e",
        data: { hours },
        key: `key of ${hours} hours`,
        timestamp: Date.now() - hours * 3_600_000,
      });
    const [, young] = await Promise.all([26, 1].map((hours) => log.append(keyed(hours))));
    await fill(log, "rooms/keyed", Array(20).fill(0));
    await cleanerOf(store).run();
    expect(await stored(store, "rooms/keyed")).toEqual([13, 14, 15, 16, 17, 18, 19, 20, 21, 22]);
    // Alone, and among others that are new.
    expect(await log.append(keyed(1))).toEqual({ event: young?.event, duplicate: true });
    const [again, fresh] = await Promise.all([log.append(keyed(1)), log.append(keyed(2))]);
    expect(again).toEqual({ event: young?.event, duplicate: true });
    expect(fresh).toMatchObject({ event: { offset: 23 }, duplicate: false });
    expect(await log.append(keyed(26))).toMatchObject({ event: { offset: 24 }, duplicate: false });
    expect((await log.read("rooms/keyed", 0, 100)).events.map(({ offset }) => offset)).not.toContain(2);

    await store.query(
      "UPDATE expired_events SET created_at = created_at - interval '2 days' WHERE channel = 'rooms/keyed'",
      [],
    );
    expect((await cleanerOf(store).run()).keys).toBe(1);
    expect(await log.append(keyed(1))).toMatchObject({ duplicate: false });
  });

  test("what was large stays by its key alone, for a day also by a clock that is behind", async () => {
    const text = Array.from({ length: 2_000 }, (_, n) => n.toString(36)).join(" ");
    const large = anyEvent({
      channel: "rooms/large",
      event: "e",
      data: { text },
      key: "large",
      timestamp: Date.now() - 24.5 * 3_600_000,
    });
    const { event } = await log.append(large);
    await fill(log, "rooms/large", Array(10).fill(0));
    expect(await log.append(large)).toEqual({ event, duplicate: true });
    await cleanerOf(store).run();
    expect(await log.append(large)).toEqual({ event: { ...event, data: {} }, duplicate: true });
    await cleanerOf(store).run();
    expect(await log.append(large)).toEqual({ event: { ...event, data: {} }, duplicate: true });
  });

  test("more than one batch goes in one pass, and appends go on meanwhile", async () => {
    await cleanerOf(store).run(); // what other tests have left
    await Promise.all(
      Array.from({ length: 2_600 }, (_, n) =>
        log.append(
          anyEvent({ channel: `rooms/flood-${n % 2}`, event: "e", data: { n }, timestamp: Date.now() - 8 * DAY_MS }),
        ),
      ),
    );
    const pass = cleanerOf(store).run();
    const appended = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        log.append(anyEvent({ channel: `rooms/flood-${n % 2}`, event: "e", data: { n } })),
      ),
    );
    const first = await pass; // may have passed over a channel that was being appended to
    const second = await cleanerOf(store).run();
    expect(first.events + second.events).toBe(2_600);
    for (const index of [0, 1]) {
      const channel = `rooms/flood-${index}`;
      const fresh = appended.flatMap(({ event }) => (event.channel === channel ? [event.offset] : []));
      expect(await stored(store, channel)).toEqual(fresh.sort((a, b) => a - b));
      expect((await log.heads([channel])).get(channel)).toEqual({ head: 1_310, oldest: 1_301 });
    }
  });

  test("kept answers of more than a day, sessions of more than an hour and spent cursors go; the others stay", async () => {
    const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000);
    await store.prisma.idempotencyKey.createMany({
      data: [23, 25].map((hours) => ({
        caller: "c",
        path: "/p",
        key: `${hours}`,
        bodyHash: "h",
        node: "n",
        createdAt: ago(hours),
      })),
    });
    const session = { userId: "u", dialect: "gateway", node: "n", cursors: {} };
    await store.prisma.resumableSession.createMany({
      data: [
        { ...session, id: "fresh", updatedAt: ago(0.9) },
        { ...session, id: "stale", updatedAt: ago(1.1) },
        { ...session, id: "open", node: "alive", updatedAt: ago(30) },
        { ...session, id: "of a dead node", node: "dead", updatedAt: ago(30) },
        { ...session, id: "ended on it", node: "alive", updatedAt: ago(1.1), endedAt: ago(1.1) },
        { ...session, id: "ended", updatedAt: ago(0.5), endedAt: ago(1.1) },
      ],
    });
    await store.prisma.setting.createMany({
      data: [
        { name: "node:alive", value: `${ago(0).getTime()}` },
        { name: "node:dead", value: `${ago(2).getTime()}` },
      ],
    });
    await fill(log, "notifications/spent", [10, 9]);
    await fill(log, "notifications/waiting", [10, 0]);
    await fill(log, "rooms/spent", [10, 9]);
    await fill(log, EVERYONE, [10, 9, 0]); // without a cursor one begins at its head, and would miss the last
    const cursor = (channel: string, offset: number, days: number) => ({
      userId: "u",
      channel,
      offset,
      updatedAt: ago(days * 24),
    });
    await store.prisma.channelCursor.createMany({
      data: [
        cursor("notifications/spent", 2, 8),
        cursor("notifications/waiting", 2, 8),
        cursor("rooms/spent", 2, 8),
        cursor(EVERYONE, 1, 8),
        cursor("notifications/vanished", 3, 8),
        cursor("notifications/vanished-just-now", 3, 6),
      ],
    });
    expect(await cleanerOf(store).run()).toMatchObject({ answers: 1, sessions: 4, cursors: 2 });
    expect(await store.prisma.idempotencyKey.findMany({ select: { key: true } })).toEqual([{ key: "23" }]);
    const sessions = await store.prisma.resumableSession.findMany({ orderBy: { id: "asc" } });
    expect(sessions.map(({ id }) => id)).toEqual(["fresh", "open"]);
    const cursors = await store.prisma.channelCursor.findMany({ orderBy: { channel: "asc" } });
    expect(cursors.map(({ channel }) => channel)).toEqual([
      EVERYONE,
      "notifications/vanished-just-now",
      "notifications/waiting",
      "rooms/spent",
    ]);
  });

  test("two nodes that clean at once come to the same end as one", async () => {
    await fill(log, "rooms/twice", Array(40).fill(0));
    await Promise.all(database.stores.map((each) => cleanerOf(each).run()));
    // One of them may have found the other at work, and left it to it what came after.
    await cleanerOf(store).run();
    expect(await stored(store, "rooms/twice")).toEqual(Array.from({ length: 10 }, (_, index) => 31 + index));
  });

  test("a log cleans on its interval", async () => {
    await fill(log, "rooms/interval", Array(12).fill(0));
    const cleaning = createEventLog({ store, retention, cleanEveryMs: 20 });
    await expect.poll(() => stored(store, "rooms/interval")).toHaveLength(10);
    await cleaning.close();
  });
});

test("a channel whose row somebody holds is passed over, not waited for", async () => {
  const url = await createDatabase();
  const store = await openStore({ kind: "postgres", url });
  const log = createEventLog({ store, retention, cleanEveryMs: 0 });
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  try {
    await fill(log, "rooms/held", Array(12).fill(0));
    await fill(log, "rooms/free", Array(12).fill(0));
    await other.query("BEGIN");
    await other.query("SELECT FROM channels WHERE name = 'rooms/held' FOR UPDATE");
    expect((await cleanerOf(store).run()).events).toBe(2);
    expect(await stored(store, "rooms/held")).toHaveLength(12);
    await other.query("ROLLBACK");
    expect((await cleanerOf(store).run()).events).toBe(2);
    expect(await stored(store, "rooms/held")).toHaveLength(10);
  } finally {
    await other.end();
    await log.close();
    await store.close();
  }
});
