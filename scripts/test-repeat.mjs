// `npm run test:repeat -- 20`: runs the tests again and again, shuffled, every second time beside two busy processes, and stops at the first red run.
// @ts-check
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [given = "20", ...rest] = process.argv.slice(2);
const runs = Number(given);
if (!Number.isSafeInteger(runs) || runs < 1) {
  process.stderr.write(`test:repeat: the number of runs must be a whole number of at least 1, not ${given}\n`);
  process.exit(2);
}

/** @type {Set<import("node:child_process").ChildProcess>} */
const children = new Set();
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"]))
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
    process.exit(1);
  });

let passed = 0;
for (let run = 1; run <= runs; run++) {
  const seed = randomInt(1, 2 ** 31);
  const loaded = run % 2 === 0;
  const started = performance.now();
  process.stdout.write(`run ${run} of ${runs}, seed ${seed}${loaded ? ", beside two busy processes" : ""}\n`);
  const busy = loaded ? [startBusy(), startBusy()] : [];
  const { code, output } = await test(seed);
  for (const child of busy) child.kill("SIGKILL");
  const seconds = Math.round((performance.now() - started) / 1000);
  if (code !== 0) {
    process.stdout.write(`${output}\nred after ${seconds} s; again: npx vitest run --sequence.seed=${seed}\n`);
    process.stdout.write(`${passed} passed, 1 failed\n`);
    process.exit(1);
  }
  passed++;
  process.stdout.write(`green after ${seconds} s\n`);
}
process.stdout.write(`${passed} passed, 0 failed\n`);

/** A process that does nothing but use a core. */
function startBusy() {
  const child = spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" });
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

/**
 * One run of all tests; what they print is shown only if one fails.
 * @param {number} seed
 * @returns {Promise<{ code: number, output: string }>}
 */
function test(seed) {
  const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
  const child = spawn(process.execPath, [vitest, "run", `--sequence.seed=${seed}`, "--reporter=dot", ...rest], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  return new Promise((resolve) => {
    child.once("close", (code) => {
      children.delete(child);
      resolve({ code: code ?? 1, output });
    });
  });
}
