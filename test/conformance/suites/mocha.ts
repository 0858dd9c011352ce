// Running a suite's own mocha in a process of its own, and reading what it reports.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { startChild } from "../../support/child.ts";

/** What became of the tests, by their full titles. */
export interface MochaResult {
  readonly passed: readonly string[];
  readonly failed: readonly { readonly title: string; readonly why: string }[];
  /** Tests that the suite itself leaves out. */
  readonly left: readonly string[];
}

/** Longer than any of the suites takes on a loaded machine, in milliseconds. */
const TIMEOUT_MS = 120_000;

const test = z.object({ fullTitle: z.string(), err: z.object({ message: z.string().optional() }).optional() });
const report = z.object({ passes: z.array(test), failures: z.array(test), pending: z.array(test) });

/**
 * Runs it: `args` are Node's, `env` is added to this process's own.
 * @throws {Error} when it ends without a report, with what it printed
 */
export async function runMocha(
  args: readonly string[],
  { cwd, env = {} }: { cwd: string; env?: Record<string, string> },
): Promise<MochaResult> {
  const directory = mkdtempSync(join(tmpdir(), "classwire-conformance-"));
  const output = join(directory, "report.json");
  const child = startChild(process.execPath, [...args, "--reporter", "json", "--reporter-option", `output=${output}`], {
    cwd,
    env: { ...process.env, ...env },
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
  try {
    await child.exited;
    const { passes, failures, pending } = report.parse(JSON.parse(readFileSync(output, "utf8")));
    return {
      passed: passes.map(({ fullTitle }) => fullTitle),
      failed: failures.map(({ fullTitle, err }) => ({ title: fullTitle, why: err?.message ?? "" })),
      left: pending.map(({ fullTitle }) => fullTitle),
    };
  } catch (error) {
    throw new Error(`mocha made no report (${error}):\n${child.lines.slice(-20).join("\n")}`);
  } finally {
    clearTimeout(timer);
    rmSync(directory, { recursive: true, force: true });
  }
}
