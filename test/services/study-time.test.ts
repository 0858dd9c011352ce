// Study time: what counts, what never counts twice, on every kind of database. Time is moved in the database, not waited for.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createStudyTime, type StudyTimeService } from "../../src/services/study-time.ts";
import { CREDIT } from "../../src/services/study-time-sql.ts";
import type { Store } from "../../src/store/store.ts";
import { describeDatabases, makeDatabase } from "../support/databases.ts";

const HOUR_MS = 3_600_000;

describeDatabases("study time", (database) => {
  let store: Store;
  let nodes: readonly [StudyTimeService, StudyTimeService];
  let user: string;
  let users = 0;

  beforeAll(async () => {
    const [first, second] = database.stores;
    store = first;
    nodes = [createStudyTime(first), createStudyTime(second)];
  });
  beforeEach(() => {
    users += 1;
    user = `user-${users}`;
  });
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.close()));
  });

  /** As if these seconds had passed: what is covered lies so much further back. */
  const pass = (seconds: number, course = "course") =>
    store.query(
      "UPDATE study_time SET covered_until = covered_until - $3::int * interval '1 second' WHERE user_id = $1 AND course_id = $2",
      [user, course, seconds],
    );
  /** Milliseconds in the row, without the rounding. */
  const millis = async (course = "course"): Promise<number> =>
    Number((await store.prisma.studyTime.findMany({ where: { userId: user, courseId: course } }))[0]?.millis);
  /** What the database's clock says. */
  const clock = async (): Promise<number> => (await nodes[0].open("nobody", "course")).connectedAt;

  /** Expects whole seconds: at least so many, at most as many as have passed since `began`, however slow the machine is. */
  const expectSeconds = async (total: number, least: number, began: number): Promise<void> => {
    expect(total).toBeGreaterThanOrEqual(least);
    expect(total).toBeLessThanOrEqual(Math.floor(((await clock()) - began) / 1000));
    expect(Number.isInteger(total)).toBe(true);
  };

  test("a course that was never studied has 0 s, and opening it counts nothing", async () => {
    const before = Date.now();
    const { connectedAt, studyTime } = await nodes[0].open(user, "course");
    expect(studyTime).toBe(0);
    expect(Number.isInteger(connectedAt)).toBe(true);
    expect(Math.abs(connectedAt - before)).toBeLessThan(60_000);
    expect(await nodes[0].total(user, "course")).toBe(0);
    expect(await nodes[0].list(user)).toEqual([]);
  });

  test("two heartbeats 3 s apart count 3 s, and a later open tells them", async () => {
    const { connectedAt } = await nodes[0].open(user, "course");
    await nodes[0].credit(user, "course", connectedAt);
    const before = await millis();
    await pass(3);
    // The connection is as old as the row says: it began before what is covered now.
    const second = await nodes[0].credit(user, "course", connectedAt - 3_000);
    await expectSeconds(second, 3, connectedAt - 3_000);
    expect((await millis()) - before).toBeGreaterThanOrEqual(3_000);
    expect((await nodes[1].open(user, "course")).studyTime).toBe(second);
    expect(await nodes[1].total(user, "course")).toBe(second);
  });

  test("the first heartbeat counts from the beginning of the connection, a later connection from its own", async () => {
    const now = await clock();
    const first = await nodes[0].credit(user, "course", now - 10_000);
    await expectSeconds(first, 10, now - 10_000);
    await pass(100);
    const before = await millis();
    const later = await clock();
    await nodes[0].credit(user, "course", later - 20_000);
    const counted = (await millis()) - before;
    expect(counted).toBeGreaterThanOrEqual(20_000);
    expect(counted).toBeLessThanOrEqual((await clock()) - later + 20_000);
  });

  test("connections that overlap, in one statement or in several, on one node or two, count once", async () => {
    const now = await clock();
    const began = [now - 40_000, now - 30_000, now - 50_000, now - 10_000];
    const totals = await Promise.all(
      began.map((at, index) => (nodes[index % 2] as StudyTimeService).credit(user, "course", at)),
    );
    for (const at of began) totals.push(await nodes[0].credit(user, "course", at));
    expect(Math.max(...totals)).toBe(totals.at(-1));
    const elapsed = (await clock()) - (now - 50_000);
    expect(await millis()).toBeLessThanOrEqual(elapsed);
    // A credit starts where the one before it ended. If node 1 was first, the 30 s of its older connection are all there is.
    expect(await millis()).toBeGreaterThanOrEqual(30_000);
  });

  test("several connections of one pair in one batch count from the earliest beginning", async () => {
    const now = await clock();
    const totals = await Promise.all([30_000, 50_000, 10_000].map((ago) => nodes[0].credit(user, "course", now - ago)));
    expect(new Set(totals).size).toBe(1);
    await expectSeconds(totals[0] ?? 0, 50, now - 50_000);
  });

  test("a statement that the database carries out late credits no further than it was told", async () => {
    const now = await clock();
    const late = (latest: number) =>
      store.query<{ millis: number }>(CREDIT, [[user], ["course"], [now - 10_000], [latest]]);
    expect((await late(now - 4_000))[0]?.millis).toBe(6_000);
    expect((await late(now - 5_000))[0]?.millis).toBe(6_000);
    expect((await late(now - 3_000))[0]?.millis).toBe(7_000);
  });

  test("a thousand heartbeats at once of two nodes never count more than the time there was", async () => {
    const began = await clock();
    await Promise.all(
      Array.from({ length: 1_000 }, (_, n) =>
        (nodes[n % 2] as StudyTimeService).credit(user, `course-${n % 10}`, began),
      ),
    );
    const elapsed = (await clock()) - began;
    for (const { courseId } of await nodes[0].list(user)) expect(await millis(courseId)).toBeLessThanOrEqual(elapsed);
  });

  test("what the database holds as covered in the future is not taken back, and nothing counts until then", async () => {
    const now = await clock();
    const total = await nodes[0].credit(user, "course", now - 5_000);
    await pass(-HOUR_MS / 1000);
    expect(await nodes[0].credit(user, "course", now - 5_000)).toBe(total);
    expect(await nodes[0].credit(user, "course", now + HOUR_MS)).toBe(total);
  });

  test("courses and users are counted conflictKeys, whatever they are called", async () => {
    const now = await clock();
    const names = ["a", "a,b", '"a"', "{a}", "a b", "NULL", "词法", "a\\b", "'; --"];
    await Promise.all(names.map((name, index) => nodes[0].credit(user, name, now - (index + 1) * 10_000)));
    const list = await nodes[1].list(user);
    expect(new Map(list.map(({ courseId, studyTime }) => [courseId, Math.floor(studyTime / 10)]))).toEqual(
      new Map(names.map((name, index) => [name, index + 1])),
    );
    expect(list.every(({ userId }) => userId === user)).toBe(true);
    expect(await nodes[0].total(`${user} `, "a")).toBe(0);
  });

  test("a pair that the database refuses fails alone", async () => {
    const now = await clock();
    const outcomes = await Promise.allSettled(
      ["good", "bad\u0000", "better"].map((course) => nodes[0].credit(user, course, now - 1_000)),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  test("close writes what waits and refuses what comes after", async () => {
    const service = createStudyTime(store);
    const last = service.credit(user, "course", (await clock()) - 7_000);
    await service.close();
    expect(await last).toBeGreaterThanOrEqual(7);
    await expect(service.credit(user, "course", 0)).rejects.toMatchObject({ code: "SERVER_ERROR" });
    await expect(service.open(user, "course")).rejects.toMatchObject({ code: "SERVER_ERROR" });
  });
});

test.each(["embedded", "postgres"] as const)("totals survive a restart on %s and go on from there", async (kind) => {
  const database = await makeDatabase(kind);
  try {
    const before = createStudyTime(database.stores[0]);
    const { connectedAt } = await before.open("ann", "course");
    const total = await before.credit("ann", "course", connectedAt - 12_000);
    await before.close();
    const store = await database.reopen();
    if (store === undefined) throw new Error(`${kind} keeps nothing`);
    const after = createStudyTime(store);
    const opened = await after.open("ann", "course");
    expect(opened.studyTime).toBe(total);
    // The time in which nobody was connected does not count, nor does what was counted before.
    expect(await after.credit("ann", "course", opened.connectedAt - 12_000)).toBeLessThan(total + 10);
    await after.close();
  } finally {
  }
});
