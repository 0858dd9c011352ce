// Everything at once from two nodes on one PostgreSQL: no deadlock, no hole, and totals that agree with the events.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LoggedEvent } from "../../src/contract/durable.ts";
import { createEventLog, type EventLog } from "../../src/event-log/event-log.ts";
import { createServices, type Services } from "../../src/services/services.ts";
import type { Store } from "../../src/store/store.ts";
import { anyEvent } from "../support/any-event.ts";
import { makeDatabase, type TestDatabase } from "../support/databases.ts";

const retention = { days: 7, count: 100_000 };
const USERS = 8;
const CHAPTERS = [
  ["lexical-elements", "identifiers"],
  ["lexical-elements", "keywords"],
  ["constants", "boolean-constants"],
  ["constants", "integer-constants"],
] as const;

let database: TestDatabase;
/** SQLSTATEs of statements that failed, and were repeated perhaps. */
const states: unknown[] = [];
let nodes: { log: EventLog; services: Services; heard: LoggedEvent[] }[];

/** The store, with an eye on what its statements fail with. */
const watched = (store: Store): Store =>
  Object.assign(Object.create(store), {
    query: <Row>(sql: string, parameters: readonly unknown[]) =>
      store.query<Row>(sql, parameters).catch((error: { code?: unknown }) => {
        states.push(error.code);
        throw error;
      }),
  });

beforeAll(async () => {
  database = await makeDatabase("postgres");
  nodes = database.stores.map(watched).map((store) => {
    const log = createEventLog({ store, retention, cleanEveryMs: 50 });
    const heard: LoggedEvent[] = [];
    log.onCommitted((events) => heard.push(...events));
    return { log, services: createServices({ store, eventLog: log }), heard };
  });
  await nodes[0]?.services.catalogue.seedIfEmpty();
});
afterAll(async () => {
  for (const { log, services } of nodes) {
    await log.close();
    await Promise.all([services.studyTime.close(), services.idempotency.close()]);
  }
  await database.remove();
});

test("progress, quizzes, messages, heartbeats and acks of two nodes", async () => {
  const { connectedAt } = await (nodes[0] as (typeof nodes)[number]).services.studyTime.open("0", "course");
  const calls: Promise<unknown>[] = [];
  for (let n = 0; n < 1_200; n += 1) {
    const { log, services } = nodes[n % 2] as (typeof nodes)[number];
    // Neither the same users nor the same order on both nodes.
    const user_id = (n % 2 === 0 ? n : 7 * n + 3) % USERS;
    const [topic_id, chapter_id] = CHAPTERS[(n >> 3) % 4] ?? CHAPTERS[0];
    const channel = `dashboard/${user_id}`;
    calls.push(
      services.progress.set(
        { user_id, topic_id, chapter_id, completed: n % 3 !== 0 },
        n % 5 === 0 ? `p${n}` : undefined,
      ),
      services.quizzes.add({ user_id, topic_id, chapter_id, score: n % 11, total_questions: 10 + (n % 5) }),
      log.append(anyEvent({ channel, event: "note", data: { n } })),
      log.append(
        anyEvent({ channel: `messages/${(n >> 1) % 13}`, event: "user_message", data: { n }, key: `m${n >> 1}` }),
      ),
      services.studyTime.credit(`${user_id}`, "course", connectedAt),
      log.acknowledge(`${user_id}`, channel, n),
    );
    if (n % 20 === 0) await new Promise(setImmediate);
  }
  const outcomes = await Promise.allSettled(calls);
  expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([]);
  // Two nodes with one key at once lose a race (23505) and try again; nothing else may go wrong, least of all a deadlock.
  expect(states.filter((state) => state !== "23505")).toEqual([]);

  const [first] = nodes as [(typeof nodes)[number]];
  for (let user = 0; user < USERS; user += 1) {
    const { events, head } = await first.log.read(`dashboard/${user}`, 0, 100_000);
    expect(events.map(({ offset }) => offset)).toEqual(Array.from({ length: head }, (_, index) => index + 1));
    const done = new Set<unknown>();
    for (const { event, data } of events) {
      if (event !== "progress_updated") continue;
      // An event is told for a change only.
      expect(done.has(data["chapter_id"])).toBe(data["completed"] === false);
      if (data["completed"] === true) done.add(data["chapter_id"]);
      else done.delete(data["chapter_id"]);
    }
    expect((await first.services.dashboard.snapshot(`${user}`)).stats.completedChapters).toBe(done.size);
  }
  const messages = await first.log.heads(Array.from({ length: 13 }, (_, n) => `messages/${n}`));
  expect([...messages.values()].reduce((sum, { head }) => sum + head, 0)).toBe(600);

  const heard = nodes.flatMap((node) => node.heard);
  expect(new Set(heard.map(({ id }) => id)).size).toBe(heard.length);
  for (const node of nodes) {
    const last = new Map<string, number>();
    for (const { channel, offset } of node.heard) {
      expect(offset).toBeGreaterThan(last.get(channel) ?? 0);
      last.set(channel, offset);
    }
  }
});
