// The dashboard snapshot: its totals, and that they fit its offset while everything moves; on every kind of database.
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Snapshot, snapshot as snapshotSchema } from "../../src/contract/dashboard.ts";
import { createEventLog, type EventLog } from "../../src/event-log/event-log.ts";
import { createServices, type Services } from "../../src/services/services.ts";
import { describeDatabases } from "../support/databases.ts";

const retention = { days: 7, count: 1000 };
const EMPTY: Snapshot = {
  stats: { completedChapters: 0, totalChapters: 4 },
  topics: [
    { topic_id: "lexical-elements", topic_display_name: "词法元素", completedChapters: 0, totalChapters: 2 },
    { topic_id: "constants", topic_display_name: "常量", completedChapters: 0, totalChapters: 2 },
  ],
  recent_quizzes: [],
  offset: 0,
};
const CHAPTERS = [
  ["lexical-elements", "identifiers"],
  ["lexical-elements", "keywords"],
  ["constants", "boolean-constants"],
  ["constants", "integer-constants"],
] as const;

describeDatabases("the snapshot", (database) => {
  let log: EventLog;
  let services: Services;

  beforeAll(async () => {
    const [store] = database.stores;
    log = createEventLog({ store, retention });
    services = createServices({ store, eventLog: log });
    await services.catalogue.seedIfEmpty();
  });
  afterAll(async () => {
    await log.close();
    await services.studyTime.close();
    await services.idempotency.close();
  });

  const report = (user_id: number, chapter: number, completed: boolean) => {
    const [topic_id, chapter_id] = CHAPTERS[chapter] ?? CHAPTERS[0];
    return services.progress.set({ user_id, topic_id, chapter_id, completed });
  };

  test("of a user who has done nothing", async () => {
    expect(await services.dashboard.snapshot("1")).toEqual(EMPTY);
  });

  test("totals, topics in the order of the catalogue, the newest five quizzes first", async () => {
    await report(2, 3, true);
    await report(2, 2, true);
    await report(2, 0, true);
    await report(2, 0, false);
    await report(3, 1, true);
    const quizzes = [];
    for (let score = 0; score < 7; score += 1) {
      const quiz = { user_id: 2, topic_id: "constants", chapter_id: "integer-constants", score, total_questions: 8 };
      quizzes.push(await services.quizzes.add(quiz));
    }
    const snapshot = await services.dashboard.snapshot("2");
    expect(snapshot).toEqual({
      stats: { completedChapters: 2, totalChapters: 4 },
      topics: [EMPTY.topics[0], { ...EMPTY.topics[1], completedChapters: 2 }],
      recent_quizzes: quizzes.slice(2).reverse(),
      offset: 11,
    });
    expect(snapshotSchema.parse(snapshot)).toEqual(snapshot);
  });

  test("while progress goes on, every snapshot is what the events up to its offset come to", async () => {
    const snapshots: Snapshot[] = [];
    let running = true;
    const watching = (async () => {
      while (running) {
        snapshots.push(await services.dashboard.snapshot("4"));
        await turn(); // PGlite answers within the turn of the event loop, and the writers want theirs
      }
    })();
    for (let round = 0; round < 25; round += 1) {
      await Promise.all([0, 1, 2, 3].map((chapter) => report(4, chapter, round % 2 === 0)));
    }
    running = false;
    await watching;
    const { events } = await log.read("dashboard/4", 0, 1000);
    const done = new Set<unknown>();
    const totalAt = [0];
    for (const { data } of events) {
      if (data["completed"] === true) done.add(data["chapter_id"]);
      else done.delete(data["chapter_id"]);
      totalAt.push(done.size);
    }
    expect(snapshots.length).toBeGreaterThan(5);
    for (const { offset, stats } of snapshots) expect(stats.completedChapters).toBe(totalAt[offset]);
  });
});
