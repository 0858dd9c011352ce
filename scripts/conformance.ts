// npm run conformance [-- <folder of a suite> [--times 10]]: Classwire held to the public protocol suites; without a folder, to
// wire cases of our own and to clients that others wrote.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runForeignClients } from "../test/conformance/clients/foreign-clients.ts";
import { runSuite } from "../test/conformance/suites/report.ts";
import { suiteIn } from "../test/conformance/suites/suites.ts";

/** Where the wire cases are. */
const OWN_CASES = ["test/conformance", "test/raw/opening-handshake.test.ts", "test/raw/receiving.test.ts"];

const say = (line: string): void => console.log(line);

try {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { times: { type: "string" } } });
  const times = Number(values.times ?? 1);
  if (!Number.isSafeInteger(times) || times < 1)
    throw new Error(`--times must be a whole number of at least 1, not ${values.times}`);
  let isGood = true;
  for (const folder of positionals) isGood = (await runSuite(suiteIn(folder), times, say)) && isGood;
  if (positionals.length === 0) {
    isGood = await runOwnCases();
    isGood = (await runForeignClients(say)) && isGood;
  }
  process.exitCode = isGood ? 0 : 1;
} catch (error) {
  console.error(`conformance: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 2;
}

async function runOwnCases(): Promise<boolean> {
  const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
  const child = spawn(process.execPath, [vitest, "run", ...OWN_CASES], { stdio: "inherit" });
  const [code] = await once(child, "exit");
  return code === 0;
}
