// npm run conformance [-- <folder of a suite> [--times 10]]: Classwire held to the public protocol suites; without a folder, to
// wire cases of our own and to clients that others wrote.
import { parseArgs } from "node:util";
import { runSuite } from "../test/conformance/suites/report.ts";
import { suiteIn } from "../test/conformance/suites/suites.ts";

const say = (line: string): void => console.log(line);

try {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { times: { type: "string" } } });
  const times = Number(values.times ?? 1);
  if (!Number.isSafeInteger(times) || times < 1)
    throw new Error(`--times must be a whole number of at least 1, not ${values.times}`);
  let isGood = true;
  for (const folder of positionals) isGood = (await runSuite(suiteIn(folder), times, say)) && isGood;
  process.exitCode = isGood ? 0 : 1;
} catch (error) {
  console.error(`conformance: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 2;
}
