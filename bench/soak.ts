// Everything that looks for rare faults, one after the other with its full settings: about ten minutes. Says at the end which failed.
// Usage: npm run soak [-- crash, cuts, races, outage or rolling, …; all of them]. Longer ones run when they are named, with options
// of their own, which stand behind the names: npm run soak -- kill --rounds 100 --acknowledged 2000000
import { spawn } from "node:child_process";
import { once } from "node:events";

/** One program: what Node runs, and what it finds in its environment. */
interface Soak {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Runs only when it is named, and takes options. */
  readonly long?: true;
}

const vitest = ["node_modules/vitest/vitest.mjs", "run"];
const tsx = ["--import", "tsx"];
const soaks: Readonly<Record<string, Soak>> = {
  crash: { args: [...vitest, "test/scenarios/crash"], env: { CRASH_ROUNDS: "20" } },
  cuts: { args: [...vitest, "test/scenarios/cuts"], env: { CUT_EVENTS: "10000", CUT_CLIENTS: "50", CUTS: "20" } },
  races: { args: [...tsx, "bench/races.ts"] },
  outage: { args: [...tsx, "bench/outage.ts"] },
  rolling: { args: [...tsx, "bench/rolling.ts"] },
  faults: { args: [...vitest, "test/faults", "test/scenarios/faults"], env: { FAULTS: "all" }, long: true },
  kill: { args: [...tsx, "bench/kill.ts"], long: true },
  failover: { args: [...tsx, "bench/rounds.ts", "failover"], long: true },
  restore: { args: [...tsx, "bench/rounds.ts", "restore"], long: true },
  fsync: { args: [...tsx, "bench/rounds.ts", "fsync"], long: true },
  workers: { args: [...tsx, "bench/workers.ts"], long: true },
  all: { args: [...tsx, "bench/all.ts"], long: true },
};

const given = process.argv.slice(2);
const firstOption = given.findIndex((word) => word.startsWith("-"));
const asked = firstOption < 0 ? given : given.slice(0, firstOption);
const options = given.slice(asked.length);
const unknown = asked.filter((name) => !Object.hasOwn(soaks, name));
if (unknown.length > 0) {
  console.error(`soak: there is no ${unknown.join(", ")}, only ${Object.keys(soaks).join(", ")}`);
  process.exit(2);
}
const deaf = asked.filter((name) => soaks[name]?.long !== true);
if (options.length > 0 && (asked.length === 0 || deaf.length > 0)) {
  console.error(
    `soak: ${deaf.join(", ") || "what runs without a name"} takes no options, but got ${options.join(" ")}`,
  );
  process.exit(2);
}

/** Ctrl-C reaches the program that runs as well; none is started after it. */
let interrupted = false;
process.on("SIGINT", () => {
  interrupted = true;
});

const failed: string[] = [];
for (const [name, { args, env, long }] of Object.entries(soaks)) {
  if (interrupted || (asked.length > 0 ? !asked.includes(name) : long === true)) continue;
  console.log(`\n== ${name}: ${args.at(-1)} ${long ? options.join(" ") : JSON.stringify(env ?? {})}`);
  const began = performance.now();
  const child = spawn(process.execPath, [...args, ...(long ? options : [])], {
    env: { ...process.env, ...env },
    stdio: "inherit",
  });
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
