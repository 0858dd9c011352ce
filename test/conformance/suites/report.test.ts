// A suite's result is good when exactly what is known to differ failed.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { judge } from "./report.ts";
import { suiteIn } from "./suites.ts";

const suite = { differences: { "a b": "on purpose" } };
const failed = (...titles: string[]) => titles.map((title) => ({ title, why: "expected 1" }));

it("says what failed, what differs and why, and what the suite leaves out", () => {
  expect(judge(suite, { passed: ["x"], failed: failed("a b"), left: ["y"] })).toEqual({
    lines: ["differs: a b: on purpose", "left out by the suite: y"],
    good: true,
  });
  expect(judge(suite, { passed: ["x"], failed: failed("a b", "c"), left: [] })).toEqual({
    lines: ["differs: a b: on purpose", "failed: c: expected 1"],
    good: false,
  });
});

it("is not content with nothing, nor with a difference that is gone", () => {
  expect(judge(suite, { passed: [], failed: failed("a b"), left: [] }).good).toBe(false);
  expect(judge(suite, { passed: ["a b"], failed: [], left: [] })).toEqual({
    lines: ["differs no more: a b"],
    good: false,
  });
});

it("names in one line what a folder lacks", () => {
  const folder = mkdtempSync(join(tmpdir(), "classwire-suite-"));
  expect(() => suiteIn(folder)).toThrow(/^\S+ holds none of the suites that are known: socket\.io-protocol.*$/);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "engine.io-protocol-test-suite" }));
  expect(() => suiteIn(folder)).toThrow(`type "npm install --prefix ${folder}"`);
  rmSync(folder, { recursive: true });
});
