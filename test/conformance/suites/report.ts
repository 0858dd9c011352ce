// Running a suite as often as was asked for, and saying what came of it.
import type { MochaResult } from "./mocha.ts";
import type { Suite } from "./suites.ts";

/** Runs it `times` times. @returns whether nothing failed but what is known to differ */
export async function runSuite(suite: Suite, times: number, say: (line: string) => void): Promise<boolean> {
  let isGood = true;
  for (let run = 1; run <= times; run++) {
    const result = await suite.run();
    const { lines, good } = judge(suite, result);
    const { passed, failed } = result;
    say(`${suite.title}, run ${run} of ${times}: ${passed.length} of ${passed.length + failed.length} passed`);
    for (const line of lines) if (run === 1 || !good) say(`  ${line}`);
    isGood &&= good;
  }
  return isGood;
}

/** What is to be said of a result, and whether it is as it should be. */
export function judge(
  { differences }: Pick<Suite, "differences">,
  { passed, failed, left }: MochaResult,
): { lines: string[]; good: boolean } {
  const unknown = failed.filter(({ title }) => differences[title] === undefined);
  const stale = Object.keys(differences).filter((title) => !failed.some((test) => test.title === title));
  const lines = [
    ...failed.map(({ title, why }) => {
      const reason = differences[title];
      return reason === undefined ? `failed: ${title}: ${why}` : `differs: ${title}: ${reason}`;
    }),
    ...stale.map((title) => `differs no more: ${title}`),
    ...left.map((title) => `left out by the suite: ${title}`),
  ];
  return { lines, good: passed.length > 0 && unknown.length === 0 && stale.length === 0 };
}
