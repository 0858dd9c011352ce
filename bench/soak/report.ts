// What a soak says in the end: one line of JSON with its figures, what the checker found, and where the history is.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check, type Verdict } from "../../test/history/checker.ts";

/** A directory for the histories of a run. */
export function historyDirectory(): string {
  const parent = process.env["SOAK_DIR"] ?? tmpdir();
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, "classwire-soak-"));
}

/** A run that has ended. */
export interface Run {
  readonly soak: string;
  readonly seed: number;
  readonly directory: string;
  readonly files: readonly string[];
  readonly keep: boolean;
  /** What the run measured itself. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** What is wrong beside the history, in words. */
  readonly failures?: readonly string[];
}

/** Judges the history, prints the line, and sets the exit code. The history is removed when all is well. */
export function report({ soak, seed, directory, files, keep, figures, failures = [] }: Run): Verdict {
  const began = performance.now();
  const verdict = check(files);
  const isWell = Object.keys(verdict.violations).length === 0 && failures.length === 0;
  const judgedInSeconds = Math.round((performance.now() - began) / 1000);
  const history = removeIfWell(directory, isWell && !keep);
  print({ soak, seed, passed: isWell, ...figures, ...verdict, judgedInSeconds, failures, history });
  if (!isWell) process.exitCode = 1;
  return verdict;
}

/** Removes the histories. @returns what became of them */
export function removeIfWell(directory: string, isWell: boolean): string {
  if (isWell) rmSync(directory, { recursive: true, force: true });
  return isWell ? "removed" : directory;
}

/** Prints the line of JSON. */
export function print(line: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify(line));
}
