// The wait between attempts: doubling, bounded, spread.
import { expect, test } from "vitest";
import { createBackoff } from "../../src/client/backoff.ts";

const bounds = { first: 1000, longest: 30_000 };

test("each wait is between half and all of a ceiling that doubles up to the longest", () => {
  const shortest = createBackoff(bounds, () => 0);
  const longest = createBackoff(bounds, () => 1);
  const low = Array.from({ length: 7 }, () => shortest.next());
  const high = Array.from({ length: 7 }, () => longest.next());
  expect(low).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
  expect(high).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test("it begins anew after a reset", () => {
  const backoff = createBackoff(bounds, () => 1);
  backoff.next();
  backoff.next();
  backoff.reset();
  expect(backoff.next()).toBe(1000);
});

test("a wait that the server asks for is a lower bound, and still spread", () => {
  expect(createBackoff(bounds, () => 0).next(10_000)).toBe(10_000);
  expect(createBackoff(bounds, () => 1).next(10_000)).toBe(15_000);
  expect(createBackoff(bounds, () => 0).next(60_000)).toBe(60_000);
});

test("two clients do not come back in the same moment", () => {
  const waits = new Set(Array.from({ length: 50 }, () => createBackoff(bounds).next()));
  expect(waits.size).toBeGreaterThan(25);
});
