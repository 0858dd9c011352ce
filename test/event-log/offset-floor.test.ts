// The offset floor: an empty channel goes, and what comes in it later never passes for what was there.
import pg from "pg";
import { expect, test } from "vitest";
import { createEventLog, type EventLog } from "../../src/event-log/event-log.ts";
import { createRetentionJob } from "../../src/event-log/retention-job.ts";
import { resolveStart } from "../../src/realtime/streams/start-position.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { anyEvent } from "../support/any-event.ts";
import { describeDatabases } from "../support/databases.ts";
import { createDatabase } from "../support/shared.ts";

const retention = { days: 7, count: 1_000 };
const HOUR_MS = 3_600_000;
const fail = (error: unknown): never => {
  throw error;
};
const once = (store: Store, settleMs = 0) =>
  createRetentionJob({ store, retention, everyMs: 0, settleMs, onFailure: fail }).run();

/** Cleans; what has expired has done so 91 days ago. @returns how many channels went */
async function clean(store: Store, settleMs = 0): Promise<number> {
  const first = await once(store, settleMs);
  await store.query("UPDATE channels SET trimmed_at = now() - interval '91 days'", []);
  return first.channels + (await once(store, settleMs)).channels;
}

/** Appends events that have expired. */
async function expired(log: EventLog, channel: string, count: number): Promise<void> {
  const timestamp = Date.now() - 8 * 24 * HOUR_MS;
  const append = (_: unknown, n: number) => log.append(anyEvent({ channel, event: "e", data: { n }, timestamp }));
  await Promise.all(Array.from({ length: count }, append));
}

const rowsOf = async (store: Store, channel: string) =>
  (await store.prisma.channel.findMany({ where: { name: channel } })).length;

/** Runs with a database and a log of its own. */
async function withLog(store: Store, run: (log: EventLog) => Promise<void>): Promise<void> {
  const log = createEventLog({ store, retention, cleanEveryMs: 0 });
  await run(log).finally(() => log.close());
}

describeDatabases("the offset floor", (database) => {
  test("a channel whose events have all expired goes, and offsets go on above what they were", () =>
    withLog(database.stores[0], async (log) => {
      const [store] = database.stores;
      await expired(log, "rooms/gone", 12);
      await log.append(anyEvent({ channel: "rooms/kept", event: "e", data: {} }));
      const { head: before = 0 } = (await log.heads(["rooms/gone"])).get("rooms/gone") ?? {};
      await log.acknowledge("u", "rooms/gone", before - 2);
      await clean(store); // raises the floor
      await clean(store);
      expect([await rowsOf(store, "rooms/gone"), await rowsOf(store, "rooms/kept")]).toEqual([0, 1]);

      const { head: floor, oldest } = await log.read("rooms/gone", 0, 10);
      expect(floor).toBeGreaterThanOrEqual(before);
      expect(oldest).toBe(floor + 1);
      const { epoch } = log;
      expect((await log.compare(new Map([["rooms/gone", before]]))).get("rooms/gone")?.head).toBe(floor);
      expect(log.epoch).toBe(epoch); // the database has not gone back

      const boundsOf = async (channel: string) => (await log.heads([channel])).get(channel) ?? fail(channel);
      const from = (since: number) => resolveStart("rooms/gone", { since, epoch }, "u", 0, { eventLog: log, boundsOf });
      expect(await from(before - 2)).toMatchObject({ recovered: false, position: floor, replayed: 0 });
      for (let n = 0; n < 15; n++) {
        const { event } = await log.append(anyEvent({ channel: "rooms/gone", event: "e", data: { n } }));
        expect(event.offset).toBe(floor + 1 + n);
      }
      expect(await from(before - 2)).toMatchObject({ recovered: false, position: floor, replayed: 15 });
      expect(await from(floor + 3)).toMatchObject({ recovered: true, position: floor + 3, replayed: 12 });
      const byCursor = await resolveStart("rooms/gone", { cursor: true, otherwise: "head" }, "u", 0, {
        eventLog: log,
        boundsOf,
      });
      expect(byCursor).toMatchObject({ position: floor, replayed: 15 });
    }));

  test("the channel of a run goes at once, others after 90 days: a since that nothing came after stays good", () =>
    withLog(database.stores[0], async (log) => {
      const [store] = database.stores;
      await expired(log, "run-results/quiet", 1);
      for (const channel of ["rooms/quiet", "messages/quiet", "dashboard/quiet"]) await expired(log, channel, 1);
      await clean(store);
      const anew = ["rooms/quiet", "messages/quiet", "dashboard/quiet", "run-results/quiet"];
      for (const channel of anew) await expired(log, channel, 1);
      await once(store);
      await once(store);
      await once(store);
      expect(await Promise.all(anew.map((channel) => rowsOf(store, channel)))).toEqual([1, 1, 1, 0]);
    }));

  test("several events of a new channel in one statement are numbered from the floor on", () =>
    withLog(database.stores[0], async (log) => {
      const floor = (await log.heads(["rooms/new"])).get("rooms/new")?.head ?? Number.NaN;
      const append = (n: number) => log.append(anyEvent({ channel: "rooms/new", event: "e", data: { n } }));
      const appended = await Promise.all([0, 1, 2, 3, 4].map(append));
      expect(appended.map(({ event }) => event.offset - floor)).toEqual([1, 2, 3, 4, 5]);
      expect((await log.heads(["rooms/new"])).get("rooms/new")).toEqual({ head: floor + 5, oldest: floor + 1 });
    }));
});

test("no channel goes before the floor has stood for its time, nor later because the floor is raised again", async () => {
  const store = await openStore({ kind: "memory" });
  await withLog(store, async (log) => {
    await expired(log, "rooms/first", 3);
    await clean(store, HOUR_MS);
    expect(await clean(store, HOUR_MS)).toBe(0);
    const anHourAgo = "UPDATE settings SET value = (value::bigint - 3600001)::text WHERE name = 'offset-floor-raised'";
    await store.query(anHourAgo, []);
    await expired(log, "rooms/higher", 1_100);
    expect(await clean(store, HOUR_MS)).toBe(1); // and raises it for the other one
    expect(await rowsOf(store, "rooms/higher")).toBe(1);
    await expired(log, "rooms/highest", 2);
    await store.query("UPDATE channels SET head = 9000, oldest = 9001 WHERE name = 'rooms/highest'", []);
    await store.query("DELETE FROM channel_events WHERE channel = 'rooms/highest'", []);
    await expired(log, "rooms/low", 1);
    await store.query("UPDATE channels SET head = 7, oldest = 8 WHERE name = 'rooms/low'", []);
    await store.query("DELETE FROM channel_events WHERE channel = 'rooms/low'", []);
    expect(await clean(store, HOUR_MS)).toBe(1); // what is below the floor before
    expect(await rowsOf(store, "rooms/low")).toBe(0);
    await store.query(anHourAgo, []);
    await clean(store, HOUR_MS);
    expect([await rowsOf(store, "rooms/higher"), await rowsOf(store, "rooms/highest")]).toEqual([0, 1]);
  });
  await store.close();
});

test("a channel that is appended to while it is being deleted stays, and gives each offset once", async () => {
  const url = await createDatabase();
  const store = await openStore({ kind: "postgres", url });
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  try {
    await withLog(store, async (log) => {
      await expired(log, "rooms/raced", 3);
      await clean(store); // trims, and raises the floor
      await other.query("BEGIN");
      await other.query("UPDATE channels SET head = head + 1 WHERE name = 'rooms/raced'");
      expect(await once(store)).toMatchObject({ channels: 0 });
      await other.query("COMMIT");
      expect(await once(store)).toMatchObject({ channels: 0 });
      const { event } = await log.append(anyEvent({ channel: "rooms/raced", event: "e", data: {} }));
      expect(event.offset).toBe(5);
    });
  } finally {
    await other.end();
    await store.close();
  }
});
