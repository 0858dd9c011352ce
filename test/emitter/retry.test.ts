// When a call is tried again: which answers, after how long.
import { expect, test } from "vitest";
import { isWorthRetrying, parseRetryAfter, retryDelay } from "../../src/emitter/retry.ts";

test("only what may pass is tried again", () => {
  expect([undefined, 408, 425, 429, 500, 502, 503, 504].every(isWorthRetrying)).toBe(true);
  expect([400, 401, 403, 404, 409, 413].some(isWorthRetrying)).toBe(false);
});

test("the wait doubles up to its bound, with full jitter", () => {
  const backoff = { first: 200, longest: 5000 };
  const at = (random: number) => (attempt: number) => retryDelay(attempt, null, { backoff, random: () => random });
  expect([1, 2, 3, 6, 40].map(at(1))).toEqual([200, 400, 800, 5000, 5000]);
  expect([1, 2, 40].map(at(0))).toEqual([0, 0, 0]);
});

test("Retry-After, in seconds or as a date, is a lower bound", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  expect(parseRetryAfter("3", now)).toBe(3000);
  expect(parseRetryAfter("Thu, 01 Jan 2026 00:00:05 GMT", now)).toBe(5000);
  expect(parseRetryAfter("Thu, 01 Jan 2015 00:00:05 GMT", now)).toBe(0);
  for (const unreadable of [null, "", "soon", "-1"]) expect(parseRetryAfter(unreadable, now)).toBe(0);
  expect(retryDelay(1, "3", { now, random: () => 0 })).toBe(3000);
  expect(retryDelay(1, "3", { now, random: () => 1 })).toBe(3200);
});
