// The bound on a credit: the database's clock as a node can tell it without asking.
import { expect, test } from "vitest";
import { createDatabaseClock } from "../../src/services/database-clock.ts";

test("knows nothing before the first answer, then goes on from the last one by its own clock", () => {
  let now = 500;
  const clock = createDatabaseClock(() => now);
  expect(clock.latest()).toBeUndefined();
  clock.note(1_000_000);
  expect(clock.latest()).toBe(1_002_000);
  now += 30_000.5;
  expect(clock.latest()).toBe(1_032_001);
  clock.note(9_000_000);
  expect(clock.latest()).toBe(9_002_000);
});
