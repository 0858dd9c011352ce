// Growth: what is used and expires leaves nothing behind, however much it was.
import { describe, expect, onTestFinished, test } from "vitest";
import { EVERYONE } from "../../src/contract/channel-names.ts";
import { createBusyChannels } from "../../src/event-log/busy-channels.ts";
import { createEventLog, type EventLog } from "../../src/event-log/event-log.ts";
import { createRetentionJob } from "../../src/event-log/retention-job.ts";
import { createRunSessions } from "../../src/services/run-sessions.ts";
import type { Store } from "../../src/store/store.ts";
import { anyEvent } from "../support/any-event.ts";
import { makeDatabase } from "../support/databases.ts";

const retention = { days: 7, count: 10 };
const TABLES = ["channels", "channel_events", "channel_cursors", "run_sessions", "idempotency_keys", "settings"];

async function world(
  kind: "memory" | "postgres",
): Promise<{ store: Store; log: EventLog; clean: () => Promise<object> }> {
  const database = await makeDatabase(kind);
  const [store] = database.stores;
  const log = createEventLog({ store, retention, cleanEveryMs: 0 });
  const fail = (error: unknown): never => {
    throw error;
  };
  const job = createRetentionJob({ store, retention, everyMs: 0, settleMs: 0, onFailure: fail });
  onTestFinished(async () => {
    await job.close();
    await log.close();
    await database.remove();
  });
  return { store, log, clean: job.run };
}

async function rows(store: Store): Promise<Record<string, number>> {
  const counts = TABLES.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`);
  const [row] = await store.query<Record<string, number>>(`SELECT ${counts.join(", ")}`, []);
  return row ?? {};
}

const AGO = (days: number) => `now() - interval '${days} days'`;
const age = (store: Store, table: string, column: string, days: number) =>
  store.query(`UPDATE ${table} SET ${column} = ${AGO(days)}`, []);

describe.each([
  ["memory", 1_000],
  ["postgres", 10_000],
] as const)("on %s", (kind, many) => {
  test(`${many} run sessions that were used and have expired leave as many rows as there were before`, async () => {
    const { store, log, clean } = await world(kind);
    await clean();
    const before = await rows(store);
    const ids = Array.from({ length: many }, (_, n) => `run-${n}`);
    await store.query("INSERT INTO run_sessions (id, user_id) SELECT id, 'u' FROM unnest($1::text[]) AS g (id)", [ids]);
    const use = async (id: string): Promise<void> => {
      const channel = `run-results/${id}`;
      const { event } = await log.append(anyEvent({ channel, event: "run-results", data: { id } }));
      await log.acknowledge("u", channel, event.offset);
    };
    // A log refuses what it cannot write within seconds.
    for (let n = 0; n < ids.length; n += 500) await Promise.all(ids.slice(n, n + 500).map(use));
    await clean();
    expect(await rows(store)).toMatchObject({ channels: many, run_sessions: many, channel_cursors: many });
    await age(store, "channel_events", "created_at", 8);
    await age(store, "channel_cursors", "updated_at", 8);
    await age(store, "run_sessions", "used_at", 8);
    await clean();
    await clean(); // the floor has been raised by the first
    // The floor is three settings, however many channels went.
    expect(await rows(store)).toEqual({ ...before, settings: (before["settings"] ?? 0) + 3 });
  });

  test("a run session stays while it has results or was used, and is unknown once it is gone", async () => {
    const { store, log, clean } = await world(kind);
    const sessions = createRunSessions(store);
    const channel = "run-results/with-results";
    await log.append(anyEvent({ channel, event: "run-results", data: {} }));
    for (const id of ["with-results", "asked-for", "registered-again", "forgotten"])
      await sessions.register({ session: id, user: "ann", by: "backend" });
    await age(store, "run_sessions", "used_at", 8);
    expect(await sessions.owner("asked-for")).toBe("ann");
    expect(await sessions.register({ session: "registered-again", user: "ann", by: "backend" })).toMatchObject({
      created: false,
    });
    await expect(sessions.register({ session: "with-results", user: "bob", by: "backend" })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    await clean();
    expect(await Promise.all(["asked-for", "registered-again", "with-results"].map(sessions.owner))).toEqual([
      "ann",
      "ann",
      "ann",
    ]);
    expect(await sessions.owner("forgotten")).toBeUndefined();
    await age(store, "channel_events", "created_at", 8);
    await age(store, "run_sessions", "used_at", 8);
    await clean();
    expect(await sessions.register({ session: "with-results", user: "bob", by: "backend" })).toMatchObject({
      created: true,
    });
    expect((await log.read(channel, 0, 10)).events).toEqual([]); // nothing of ann's
  });

  test("cursors of notifications to everyone go once their users have been away for 90 days", async () => {
    const { store, log, clean } = await world(kind);
    const notify = () => log.append(anyEvent({ channel: EVERYONE, event: "notifications", data: {} }));
    await notify();
    for (const user of ["away", "back", "reads"]) await log.acknowledge(user, EVERYONE, 1);
    await age(store, "channel_events", "created_at", 8);
    await age(store, "channel_cursors", "updated_at", 89);
    await clean();
    await notify();
    // All of them get what waits: those who were away for less than that are no new users.
    for (const user of ["away", "back", "reads"]) expect(await log.cursor(user, EVERYONE)).toBe(1);
    await store.query(`UPDATE channel_cursors SET updated_at = ${AGO(91)} WHERE user_id = 'away'`, []);
    await store.query(`UPDATE channel_cursors SET updated_at = ${AGO(60)} WHERE user_id = 'back'`, []);
    expect(await log.cursor("back", EVERYONE)).toBe(1); // has come back, which is noted
    await store.query(
      `UPDATE channel_cursors SET updated_at = updated_at - interval '89 days' WHERE user_id IN ('back', 'reads')`,
      [],
    );
    await clean();
    const left = await store.prisma.channelCursor.findMany({ orderBy: { userId: "asc" } });
    expect(left.map(({ userId }) => userId)).toEqual(["back", "reads"]);
  });
});

test("of very many channels a round looks at a part, and trims at once what the node itself has appended much to", async () => {
  const { store, log } = await world("memory");
  const busy = createBusyChannels(retention.count);
  onTestFinished(log.onCommitted(busy.committed));
  const job = createRetentionJob({ store, retention, busy, everyMs: 0, onFailure: () => undefined });
  const many = "SELECT 'rooms/' || repeat('x', 300) || n, 1 FROM generate_series(1, 30000) AS g (n)";
  await store.query(`INSERT INTO channels (name, head) ${many}`, []);
  const fill = (channel: string) =>
    Promise.all(Array.from({ length: 25 }, (_, n) => log.append(anyEvent({ channel, event: "e", data: { n } }))));
  const oldest = async (channel: string) => (await log.heads([channel])).get(channel)?.oldest;
  await fill("rooms/unnoted");
  busy.take(1);
  await fill("rooms/noted");
  await job.run();
  expect([await oldest("rooms/noted"), await oldest("rooms/unnoted")]).toEqual([16, 1]);
  await job.run(); // goes on where it stopped
  expect(await oldest("rooms/unnoted")).toBe(16);
});
