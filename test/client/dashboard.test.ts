// The dashboard handle against the real server: each event once, in order, over cuts, reloads and takeovers.
import { expect, test } from "vitest";
import { memoryStorage } from "../../src/client/index.ts";
import { createPositions } from "../../src/client/positions.ts";
import { eventually } from "../support/eventually.ts";
import { cutAndBack, filled, reaches, startWorld } from "./world.ts";

const world = startWorld();

const quiz = (user: string, score: number) =>
  world.backend.addQuiz({
    user_id: Number(user),
    topic_id: "constants",
    chapter_id: "boolean-constants",
    score,
    total_questions: 100,
  });

test("what is published arrives with its offset, and the snapshot agrees", async () => {
  const user = world.user();
  const dashboard = world.client(user).dashboard();
  const heard: unknown[] = [];
  dashboard.on("progress_updated", (payload, meta) => heard.push([payload, meta]));
  await reaches(dashboard, "connected");
  const saved = await world.backend.updateProgress({
    user_id: Number(user),
    topic_id: "constants",
    chapter_id: "integer-constants",
    completed: true,
  });
  await filled(heard, 1);
  expect(heard).toEqual([[saved, { channel: `dashboard/${user}`, offset: 1, id: expect.any(String) }]]);
  const { stats, offset } = await dashboard.snapshot();
  expect(stats.completedChapters).toBe(1);
  expect(offset).toBe(1);
  expect(Date.parse(await dashboard.ping())).toBeGreaterThan(0);
});

test("a client that listens to one durable event only gets that one, over a cut and after a reload", async () => {
  const user = world.user();
  const storage = memoryStorage();
  const client = world.client(user, { storage });
  const dashboard = client.dashboard();
  const scores: number[] = [];
  dashboard.on("quiz_completed", ({ score }) => scores.push(score));
  await reaches(dashboard, "connected");
  const progress = { user_id: Number(user), topic_id: "constants", chapter_id: "integer-constants" };
  await world.backend.updateProgress({ ...progress, completed: true });
  await quiz(user, 1);
  await filled(scores, 1);
  world.line.cut();
  await quiz(user, 2);
  await world.backend.updateProgress({ ...progress, completed: false });
  world.line.mend();
  await filled(scores, 2);
  await client.close();
  await quiz(user, 3);
  const again = world.client(user, { storage }).dashboard();
  again.on("quiz_completed", ({ score }) => scores.push(score));
  await filled(scores, 3);
  expect(scores).toEqual([1, 2, 3]);
});

test("what happens while the line is down arrives afterwards, once and in order", async () => {
  const user = world.user();
  const dashboard = world.client(user).dashboard();
  const scores: number[] = [];
  const reasons: string[] = [];
  dashboard.on("quiz_completed", ({ score }) => scores.push(score));
  dashboard.on("disconnected", ({ reason }) => reasons.push(reason));
  await reaches(dashboard, "connected");
  for (let round = 0; round < 3; round++) {
    await quiz(user, 10 * round + 1);
    world.line.cut(true);
    await filled(reasons, round + 1);
    await quiz(user, 10 * round + 2);
    await quiz(user, 10 * round + 3);
    world.line.mend();
    await filled(scores, 3 * round + 3);
  }
  expect(scores).toEqual([1, 2, 3, 11, 12, 13, 21, 22, 23]);
});

test("a connection that is cut before anything was heard loses nothing either", async () => {
  const user = world.user();
  const dashboard = world.client(user).dashboard();
  const scores: number[] = [];
  dashboard.on("quiz_completed", ({ score }) => scores.push(score));
  await reaches(dashboard, "connected");
  world.line.cut(true);
  await eventually(() => dashboard.state !== "connected");
  await quiz(user, 5);
  world.line.mend();
  await filled(scores, 1);
  expect(scores).toEqual([5]);
});

test("a storage carries the offset over a reload", async () => {
  const user = world.user();
  const storage = memoryStorage();
  const first = world.client(user, { storage });
  const before: number[] = [];
  first.dashboard().on("quiz_completed", ({ score }) => before.push(score));
  await reaches(first.dashboard(), "connected");
  await quiz(user, 1);
  await filled(before, 1);
  await first.close();
  await quiz(user, 2);
  await quiz(user, 3);
  const after: number[] = [];
  const second = world.client(user, { storage });
  second.dashboard().on("quiz_completed", ({ score }) => after.push(score));
  await filled(after, 2);
  expect(before).toEqual([1]);
  expect(after).toEqual([2, 3]);
});

test("an offset of another database is said to be unrecoverable, and what is kept follows", async () => {
  const user = world.user();
  await quiz(user, 7);
  const storage = memoryStorage();
  const client = world.client(user, { storage });
  const url = world.line.url;
  await createPositions(storage, url, user).save(`dashboard/${user}`, { offset: 40, epoch: "another" });
  const lost: unknown[] = [];
  const scores: number[] = [];
  const dashboard = client.dashboard();
  dashboard.on("unrecovered", (report) => lost.push(report));
  dashboard.on("quiz_completed", ({ score }) => scores.push(score));
  await filled(scores, 1);
  await quiz(user, 8);
  await filled(scores, 2);
  expect(lost).toEqual([{ channel: `dashboard/${user}`, since: 40 }]);
  expect(scores).toEqual([7, 8]);
  // The new place is kept: another connection finds nothing lost.
  await cutAndBack(world.line, dashboard);
  expect(lost).toHaveLength(1);
});

test("a newer client takes over; the older one ends and does not come back", async () => {
  const user = world.user();
  const older = world.client(user).dashboard();
  const ends: unknown[] = [];
  older.on("closed", ({ error }) => ends.push(error?.code));
  await reaches(older, "connected");
  const newer = world.client(user).dashboard();
  await reaches(newer, "connected");
  await filled(ends, 1);
  expect(ends).toEqual(["REPLACED"]);
  expect(older.state).toBe("closed");
  expect(newer.state).toBe("connected");
  await expect(older.snapshot()).rejects.toMatchObject({ code: "CLOSED" });
});

test("a listener that fails gets the event again, and the next ones only after it", async () => {
  const user = world.user();
  const dashboard = world.client(user).dashboard();
  const scores: number[] = [];
  const errors: { attempt: number; skipped: boolean }[] = [];
  let failing = true;
  dashboard.on("quiz_completed", ({ score }) => {
    if (score === 1 && failing) {
      failing = false;
      throw new Error("not this time");
    }
    scores.push(score);
  });
  dashboard.on("listener_error", ({ attempt, skipped }) => errors.push({ attempt, skipped }));
  await reaches(dashboard, "connected");
  await quiz(user, 1);
  await quiz(user, 2);
  await filled(scores, 2);
  expect(scores).toEqual([1, 2]);
  expect(errors).toEqual([{ attempt: 1, skipped: false }]);
});

test("a user whose id is no whole number is refused, once and for good", async () => {
  const dashboard = world.client("not-a-number").dashboard();
  const ends: unknown[] = [];
  dashboard.on("closed", ({ error }) => ends.push(error?.code));
  await filled(ends, 1);
  expect(ends).toEqual(["AUTH_FAILED"]);
});
