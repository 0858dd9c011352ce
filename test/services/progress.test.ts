// Progress: what is a change, what is told of it, and that both are one transaction; on every kind of database.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { progressUpdated } from "../../src/contract/dashboard.ts";
import type { LoggedEvent } from "../../src/contract/durable.ts";
import { createEventLog, type EventLog } from "../../src/event-log/event-log.ts";
import { createCatalogue } from "../../src/services/catalogue.ts";
import { createProgress, type ProgressService } from "../../src/services/progress.ts";
import type { Store } from "../../src/store/store.ts";
import { anyEvent } from "../support/any-event.ts";
import { describeDatabases } from "../support/databases.ts";

const retention = { days: 7, count: 1000 };

describeDatabases("progress", (database) => {
  let store: Store;
  let logs: readonly [EventLog, EventLog];
  let services: readonly [ProgressService, ProgressService];
  let user = 0;

  beforeAll(async () => {
    const [first, second] = database.stores;
    store = first;
    await createCatalogue({ store }).seedIfEmpty();
    logs = [createEventLog({ store: first, retention }), createEventLog({ store: second, retention })];
    services = [createProgress(logs[0]), createProgress(logs[1])];
  });
  beforeEach(() => {
    user += 1;
  });
  afterAll(async () => {
    await Promise.all(logs.map((log) => log.close()));
  });

  const body = (completed: boolean, chapter_id = "boolean-constants") => ({
    user_id: user,
    topic_id: "constants",
    chapter_id,
    completed,
  });
  const events = async (): Promise<LoggedEvent[]> => (await logs[0].read(`dashboard/${user}`, 0, 100)).events;

  test("a completed chapter is saved and told, with the names of the catalogue", async () => {
    const { data, changed } = await services[0].set(body(true));
    expect(changed).toBe(true);
    expect(Object.entries(data)).toEqual([
      ["user_id", user],
      ["topic_id", "constants"],
      ["topic_display_name", "常量"],
      ["chapter_id", "boolean-constants"],
      ["chapter_display_name", "布尔常量"],
      ["completed", true],
      ["timestamp", expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/)],
    ]);
    expect(progressUpdated.parse(data)).toEqual(data);
    const [event, ...others] = await events();
    expect(others).toEqual([]);
    expect(event).toMatchObject({ channel: `dashboard/${user}`, offset: 1, event: "progress_updated", data });
    expect(Math.floor((event?.timestamp ?? 0) / 1000) * 1000).toBe(Date.parse(data.timestamp));
    expect(await store.prisma.chapterProgress.findMany({ where: { userId: `${user}` } })).toMatchObject([
      { topicId: "constants", chapterId: "boolean-constants", completed: true },
    ]);
  });

  test("only changes are told: completed, reopened, completed again", async () => {
    const changes: boolean[] = [];
    for (const completed of [false, true, true, false, false, true]) {
      const { data, changed } = await services[0].set(body(completed));
      expect(data.completed).toBe(completed);
      changes.push(changed);
    }
    expect(changes).toEqual([false, true, false, true, false, true]);
    expect((await events()).map(({ offset, data }) => [offset, data["completed"]])).toEqual([
      [1, true],
      [2, false],
      [3, true],
    ]);
  });

  test("calls for one chapter at once take effect one after the other, in their order on one node", async () => {
    const results = await Promise.all([true, true, false, true, false, false].map((on) => services[0].set(body(on))));
    expect(results.map(({ changed }) => changed)).toEqual([true, false, true, true, true, false]);
    expect((await events()).map(({ data }) => data["completed"])).toEqual([true, false, true, false]);
  });

  test("two nodes that report the same at once tell it once", async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) => services[n % 2 === 0 ? 0 : 1].set(body(true))),
    );
    expect(results.filter(({ changed }) => changed)).toHaveLength(1);
    expect(await events()).toHaveLength(1);
  });

  test("an unknown chapter or topic is refused, saves nothing and does not harm its neighbours", async () => {
    const outcomes = await Promise.allSettled([
      services[0].set(body(true)),
      services[0].set(body(true, "identifiers")),
      services[0].set({ ...body(true), topic_id: "no-topic" }),
      services[0].set(body(true, "integer-constants")),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    expect(outcomes[1]).toMatchObject({ reason: { code: "NOT_FOUND" } });
    expect(outcomes[2]).toMatchObject({ reason: { code: "NOT_FOUND" } });
    expect((await events()).map(({ offset }) => offset)).toEqual([1, 2]);
    expect(await store.prisma.chapterProgress.count({ where: { userId: `${user}` } })).toBe(2);
  });

  test("a retry with its key answers as the first time and undoes nothing that came after", async () => {
    const key = `progress-${user}`;
    const first = await services[0].set(body(true), key);
    await services[0].set(body(false));
    const [retried, other] = await Promise.all([services[0].set(body(true), key), services[1].set(body(true), key)]);
    expect(retried).toEqual(first);
    expect(other).toEqual(first);
    expect(await events()).toHaveLength(2);
    expect(await store.prisma.chapterProgress.findMany({ where: { userId: `${user}` } })).toMatchObject([
      { completed: false },
    ]);
  });

  test("one key at once on two nodes is one event", async () => {
    const key = `at-once-${user}`;
    const results = await Promise.all(
      Array.from({ length: 6 }, (_, n) => services[n % 2 === 0 ? 0 : 1].set(body(true), key)),
    );
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
    expect(results[0]?.changed).toBe(true);
    expect(await events()).toHaveLength(1);
  });

  test("the log's listeners hear of it, in one order with other appends to the channel", async () => {
    const heard: LoggedEvent[] = [];
    const stop = logs[0].onCommitted((committed) => heard.push(...committed));
    const channel = `dashboard/${user}`;
    await Promise.all([
      services[0].set(body(true)),
      logs[0].append(anyEvent({ channel, event: "quiz_completed", data: { n: 1 } })),
      services[0].set(body(false)),
      logs[0].append(anyEvent({ channel, event: "quiz_completed", data: { n: 2 } })),
      services[0].set(body(true)),
    ]);
    stop();
    expect(heard.map(({ offset }) => offset)).toEqual([1, 2, 3, 4, 5]);
    expect(heard).toEqual(await events());
  });
});
