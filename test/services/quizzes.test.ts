// Quizzes: the id, the 60 %, the event and its key, on every kind of database.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { quizCompleted } from "../../src/contract/dashboard.ts";
import type { LoggedEvent } from "../../src/contract/durable.ts";
import { createEventLog, type EventLog } from "../../src/event-log/event-log.ts";
import { createCatalogue } from "../../src/services/catalogue.ts";
import { createQuizzes, type QuizService } from "../../src/services/quizzes.ts";
import type { Store } from "../../src/store/store.ts";
import { describeDatabases } from "../support/databases.ts";

const retention = { days: 7, count: 1000 };

describeDatabases("quizzes", (database) => {
  let store: Store;
  let logs: readonly [EventLog, EventLog];
  let services: readonly [QuizService, QuizService];
  let user = 0;

  beforeAll(async () => {
    const [first, second] = database.stores;
    store = first;
    await createCatalogue({ store }).seedIfEmpty();
    logs = [createEventLog({ store: first, retention }), createEventLog({ store: second, retention })];
    services = [createQuizzes(logs[0]), createQuizzes(logs[1])];
  });
  beforeEach(() => {
    user += 1;
  });
  afterAll(async () => {
    await Promise.all(logs.map((log) => log.close()));
  });

  const body = (score: number, total_questions: number) => ({
    user_id: user,
    topic_id: "lexical-elements",
    chapter_id: "keywords",
    score,
    total_questions,
  });
  const events = async (): Promise<LoggedEvent[]> => (await logs[0].read(`dashboard/${user}`, 0, 100)).events;
  const rows = () => store.prisma.quizResult.findMany({ where: { userId: `${user}` }, orderBy: { id: "asc" } });

  test("a quiz is saved and told under the id of its row", async () => {
    const data = await services[0].add(body(7, 10));
    const [row, ...others] = await rows();
    expect(others).toEqual([]);
    expect(Object.entries(data)).toEqual([
      ["user_id", user],
      ["quiz_id", row?.id],
      ["topic_id", "lexical-elements"],
      ["topic_display_name", "词法元素"],
      ["chapter_id", "keywords"],
      ["chapter_display_name", "关键字"],
      ["score", 7],
      ["total_questions", 10],
      ["passed", true],
      ["timestamp", expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/)],
    ]);
    expect(quizCompleted.parse(data)).toEqual(data);
    expect(row).toMatchObject({ score: 7, totalQuestions: 10, passed: true });
    expect(await events()).toMatchObject([
      { offset: 1, event: "quiz_completed", data, timestamp: row?.createdAt.getTime() },
    ]);
  });

  test.each([
    [6, 10, true],
    [5, 10, false],
    [3, 5, true],
    [0, 1, false],
    [1, 1, true],
    [599_999, 1_000_000, false],
    [600_000, 1_000_000, true],
    [2, 3, true],
    [59, 99, false],
  ])("%i of %i: passed is %s", async (score, total, passed) => {
    expect((await services[0].add(body(score, total))).passed).toBe(passed);
  });

  test("equal quizzes in one statement are each their own", async () => {
    const results = await Promise.all(Array.from({ length: 10 }, () => services[0].add(body(1, 2))));
    const ids = results.map(({ quiz_id }) => quiz_id);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    expect((await rows()).map(({ id }) => id)).toEqual(ids);
    expect((await events()).map(({ offset, data }) => [offset, data["quiz_id"]])).toEqual(
      ids.map((id, index) => [index + 1, id]),
    );
  });

  test("one key, however often and wherever, is one quiz", async () => {
    const key = `quiz-${user}`;
    const first = await services[0].add(body(8, 10), key);
    const results = await Promise.all(
      [0, 1, 0, 1].map((node) => (services[node] as QuizService).add(body(8, 10), key)),
    );
    expect(results).toEqual(Array(4).fill(first));
    const other = `other-${user}`;
    const atOnce = await Promise.all(
      [0, 1, 0, 1].map((node) => (services[node] as QuizService).add(body(9, 10), other)),
    );
    expect(new Set(atOnce.map(({ quiz_id }) => quiz_id)).size).toBe(1);
    expect((await rows()).map(({ score }) => score)).toEqual([8, 9]);
    expect(await events()).toHaveLength(2);
  });

  test("an unknown chapter is refused and saves nothing", async () => {
    const [good, bad] = await Promise.allSettled([
      services[0].add(body(1, 1)),
      services[0].add({ ...body(1, 1), chapter_id: "no-chapter" }),
    ]);
    expect([good.status, bad]).toEqual([
      "fulfilled",
      { status: "rejected", reason: expect.objectContaining({ code: "NOT_FOUND" }) },
    ]);
    expect(await rows()).toHaveLength(1);
    expect(await events()).toHaveLength(1);
  });
});
