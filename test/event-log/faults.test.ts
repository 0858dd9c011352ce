// PostgreSQL crashes, freezes and comes back under load: nothing is acknowledged that is not kept, and all goes on by itself.
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEventLog, type EventLog } from "../../src/event-log/event-log.ts";
import { createStudyTime, type StudyTimeService } from "../../src/services/study-time.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { anyEvent } from "../support/any-event.ts";
import { eventually } from "../support/eventually.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { type Load, problems, startLoad } from "./load.ts";

const retention = { days: 7, count: 1_000_000 };
const PATIENT = { timeoutMs: 40_000 };

let postgres: Postgres;
let store: Store;
let log: EventLog;
let studyTime: StudyTimeService;
/** The database's clock when the learners of this file began. */
let connectedAt: number;

beforeAll(async () => {
  postgres = await startPostgres();
  store = await openStore({ kind: "postgres", url: await postgres.createDatabase() });
  log = createEventLog({ store, retention, cleanEveryMs: 200 });
  studyTime = createStudyTime(store);
  ({ connectedAt } = await studyTime.open("user-0", "course"));
}, 60_000);

afterAll(async () => {
  postgres.resume();
  await log.close();
  await studyTime.close();
  await store.close();
  await postgres.stop();
}, 60_000);

/** Resolves when this many more appends, and one more credit of everybody, have been acknowledged. */
async function goesOn(load: Load, more: number): Promise<void> {
  const target = load.acknowledged.size + more;
  await eventually(() => load.acknowledged.size >= target && load.totals.size === 10, PATIENT);
}
const refused = (load: Load): Promise<boolean> =>
  eventually(() => (load.refusals.get("SERVER_ERROR") ?? 0) >= 25, PATIENT);

test("a crash: SERVER_ERROR while it is away, and what was acknowledged is there afterwards", async () => {
  const load = startLoad(log, studyTime, connectedAt);
  for (let round = 0; round < 3; round += 1) {
    await goesOn(load, 300);
    await postgres.crash();
    await refused(load);
    await postgres.start();
    await goesOn(load, 300);
  }
  await load.stop();
  expect([...load.refusals.keys()]).toEqual(["SERVER_ERROR"]);
  expect(await problems(store, load)).toEqual([]);
}, 120_000);

test("a freeze: refusals in time, no more waiting than allowed, and recovery", async () => {
  const load = startLoad(log, studyTime, connectedAt);
  await goesOn(load, 300);
  postgres.pause();
  await refused(load);
  postgres.resume();
  await goesOn(load, 300);
  await load.stop();
  // 5 s in the line, then a statement that the store gives up after some more.
  expect(load.longestMs()).toBeLessThan(20_000);
  expect([...load.refusals.keys()]).toEqual(["SERVER_ERROR"]);
  expect(await problems(store, load)).toEqual([]);
}, 120_000);

test("connections that are cut: refusals at most, and recovery", async () => {
  const load = startLoad(log, studyTime, connectedAt);
  for (let round = 0; round < 5; round += 1) {
    await goesOn(load, 100);
    await store
      .query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()", [])
      .catch((error: unknown) => expect(String(error)).toMatch(/terminat/i));
  }
  await goesOn(load, 100);
  await load.stop();
  expect([...load.refusals.keys()].filter((code) => code !== "SERVER_ERROR")).toEqual([]);
  expect(await problems(store, load)).toEqual([]);
}, 120_000);

test("a key that was lost sight of finds its event, or makes it, exactly once", async () => {
  const keys = Array.from({ length: 40 }, (_, n) => `retry-${n}`);
  const append = (key: string) => log.append(anyEvent({ channel: "rooms/retried", event: "e", data: { key }, key }));
  const first = Promise.allSettled(keys.map(append));
  await postgres.crash();
  const outcomes = await first;
  await postgres.start();
  const retried = await eventually(() => Promise.all(keys.map(append)), PATIENT);
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === "fulfilled") expect(retried[index]?.event).toEqual(outcome.value.event);
  }
  const { events, head } = await log.read("rooms/retried", 0, 100);
  expect(head).toBe(40);
  expect(new Set(events.map(({ data }) => data["key"]))).toEqual(new Set(keys));
}, 120_000);
