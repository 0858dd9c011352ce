// The table of fingerprints against a plain map, and what it forgets.
import { expect, test } from "vitest";
import { fingerprintOf, RevokedTable } from "../../src/auth/revoked-table.ts";

test("holds what a map holds, however often it grows", () => {
  const table = new RevokedTable(1_000, () => 1_000);
  const map = new Map<number, number>();
  for (let n = 0; n < 5_000; n++) {
    const before = 1 + ((n * 7919) % 997);
    const subject = n % 3_000;
    expect(table.set(fingerprintOf("token", `${subject}`), before)).toBe(before > (map.get(subject) ?? 0));
    map.set(subject, Math.max(before, map.get(subject) ?? 0));
  }
  expect(table.size).toBe(3_000);
  for (const [subject, before] of map) expect(table.get(fingerprintOf("token", `${subject}`))).toBe(before);
  for (let n = 3_000; n < 6_000; n++) expect(table.get(fingerprintOf("token", `${n}`))).toBeUndefined();
  expect(table.get(fingerprintOf("user", "1"))).toBeUndefined();
});

test("fingerprints that begin at one place are kept apart", () => {
  const table = new RevokedTable(1_000, () => 1_000);
  for (let n = 0; n < 30; n++) table.set({ high: n, low: 64 * n }, n + 1);
  for (let n = 0; n < 30; n++) expect(table.get({ high: n, low: 64 * n })).toBe(n + 1);
  expect(table.get({ high: 31, low: 64 })).toBeUndefined();
});

test("what is older than it matters makes room for what is newer: it never holds much more than that", () => {
  let now = 0;
  const table = new RevokedTable(100, () => now);
  for (now = 1; now <= 20_000; now++) table.set(fingerprintOf("token", `${now}`), now);
  expect(table.size).toBeLessThan(500);
  for (let n = 19_950; n <= 20_000; n++) expect(table.get(fingerprintOf("token", `${n}`))).toBe(n);
});
