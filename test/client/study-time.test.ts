// The study-time handle against the real server: seconds that count while somebody is there.
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { filled, reaches, startWorld } from "./world.ts";

const world = startWorld();

test("heartbeats count whole seconds, and a clean close counts up to its moment", async () => {
  const user = world.user();
  const client = world.client(user);
  const study = client.studyTime("course-1");
  const ticks: number[] = [];
  study.on("tick", ({ studyTime }) => ticks.push(studyTime));
  await reaches(study, "connected");
  expect(study.studyTime).toBe(0);
  const counted = await eventually(async () => (await study.heartbeat()) >= 1 && study.studyTime, { everyMs: 200 });
  expect(ticks.at(-1)).toBe(counted);
  const began = Date.now();
  await eventually(() => Date.now() - began > 1100);
  await client.close();
  const again = world.client(user).studyTime("course-1");
  await reaches(again, "connected");
  expect(again.studyTime).toBeGreaterThan(counted);
});

test("while nobody sees the page it is disconnected, and nothing counts", async () => {
  const listeners = new Set<() => void>();
  let visible = true;
  const visibility = {
    visible: () => visible,
    onChange(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const show = (value: boolean): void => {
    visible = value;
    for (const listener of listeners) listener();
  };
  const client = world.client(world.user(), { visibility });
  const study = client.studyTime("course-1");
  const reasons: string[] = [];
  study.on("disconnected", ({ reason }) => reasons.push(reason));
  await reaches(study, "connected");
  show(false);
  await reaches(study, "waiting");
  show(true);
  await reaches(study, "connected");
  const before = study.studyTime ?? 0;
  show(false);
  const hiddenSince = Date.now();
  await eventually(() => Date.now() - hiddenSince > 2200);
  show(true);
  await reaches(study, "connected");
  expect(await study.heartbeat()).toBeLessThan(before + 2);
  expect(reasons).toEqual(["paused", "paused"]);
  await client.close();
  expect(listeners.size).toBe(0);
});

test("a second connection to the same course takes over; another course is its own", async () => {
  const user = world.user();
  const older = world.client(user).studyTime("course-1");
  const ends: unknown[] = [];
  older.on("closed", ({ error }) => ends.push(error?.code));
  await reaches(older, "connected");
  const newer = world.client(user);
  await reaches(newer.studyTime("course-1"), "connected");
  await reaches(newer.studyTime("course-2"), "connected");
  await filled(ends, 1);
  expect(ends).toEqual(["REPLACED"]);
  expect(newer.studyTime("course-1").state).toBe("connected");
});

test("it comes back after a cut", async () => {
  const study = world.client(world.user()).studyTime("course-1");
  const connects: number[] = [];
  study.on("connected", ({ studyTime }) => connects.push(studyTime));
  await reaches(study, "connected");
  world.line.cut();
  await filled(connects, 2);
  await reaches(study, "connected");
  expect(await study.heartbeat()).toBeGreaterThanOrEqual(0);
});
