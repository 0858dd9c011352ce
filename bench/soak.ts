// Everything that looks for rare faults, one after the other with its full settings: about ten minutes. Says at the end which failed.
// Usage: npm run soak [-- crash, cuts, races, outage or rolling, …; all of them]
import { spawn } from "node:child_process";
import { once } from "node:events";

/** One program: what Node runs, and what it finds in its environment. */
interface Soak {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const vitest = ["node_modules/vitest/vitest.mjs", "run"];
const tsx = ["--import", "tsx"];
const soaks: Readonly<Record<string, Soak>> = {
  crash: { args: [...vitest, "test/scenarios/crash"], env: { CRASH_ROUNDS: "20" } },
  cuts: { args: [...vitest, "test/scenarios/cuts"], env: { CUT_EVENTS: "10000", CUT_CLIENTS: "50", CUTS: "20" } },
  races: { args: [...tsx, "bench/races.ts"] },
  outage: { args: [...tsx, "bench/outage.ts"] },
  rolling: { args: [...tsx, "bench/rolling.ts"] },
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(soaks, name));
if (unknown.length > 0) {
  console.error(`soak: there is no ${unknown.join(", ")}, only ${Object.keys(soaks).join(", ")}`);
  process.exit(2);
}

/** Ctrl-C reaches the program that runs as well; none is started after it. */
let interrupted = false;
process.on("SIGINT", () => {
  interrupted = true;
});

const failed: string[] = [];
for (const [name, { args, env }] of Object.entries(soaks)) {
  if (interrupted || (asked.length > 0 && !asked.includes(name))) continue;
  console.log(`\n== ${name}: ${args.at(-1)} ${JSON.stringify(env ?? {})}`);
  const began = performance.now();
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: "inherit" });
  const [code, signal] = await once(child, "exit");
  const verdict = code === 0 ? "passed" : `failed (${signal ?? code})`;
  if (code !== 0) failed.push(name);
  console.log(`== ${name} ${verdict} after ${Math.round((performance.now() - began) / 1000)} s`);
}
console.log(
  interrupted
    ? "\nsoak: interrupted"
    : `\nsoak: ${failed.length === 0 ? "all passed" : `failed: ${failed.join(", ")}`}`,
);
process.exitCode = interrupted || failed.length > 0 ? 1 : 0;
