// `npm run conformance [-- <folder of a public suite> [--times 10]]`: runs the protocol suites that others wrote on our wiring.
// Without a folder it runs our own cases, and the clients of other languages that are here.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runForeignClients } from "../test/conformance/foreign-clients.ts";
import { type Suite, startHost } from "../test/conformance/host.ts";
import { startRedis } from "../test/support/redis.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
/** The port that the protocol suites connect to. */
const PORT = 3000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { times: { type: "string", default: "1" } },
});
const [folder] = positionals;
process.exit(folder === undefined ? await ownCases() : await suiteIn(resolve(folder), Number(values.times)));

/** Our cases over plain sockets, and other clients. */
async function ownCases(): Promise<number> {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const failed = await run(process.execPath, [vitest, "run", "test/conformance", "test/raw"], root);
  const outcomes = await runForeignClients();
  for (const { client, result, detail } of outcomes)
    console.log(`${result.padEnd(9)} ${client}${detail && `: ${detail}`}`);
  return failed !== 0 || outcomes.some(({ result }) => result === "failed") ? 1 : 0;
}

/** Which suite a folder holds, by the name that its package gives itself. */
async function suiteIn(directory: string, times: number): Promise<number> {
  const inner = join(directory, "test-suite");
  const at = existsSync(join(inner, "package.json")) ? inner : directory;
  const { name } = JSON.parse(readFileSync(join(at, "package.json"), "utf8")) as { name: string };
  if (!existsSync(join(at, "node_modules")))
    return fail(`install what the suite needs first: (cd ${at} && npm install)`);
  if (name === "socket.io-protocol-test-suite") return protocol("socket.io", at, times);
  if (name === "engine.io-protocol-test-suite") return protocol("engine.io", at, times);
  if (name === "@socket.io/redis-adapter") return adapter(at, times);
  return fail(
    `${name} is none of the suites that are known: socket.io-protocol, engine.io-protocol, socket.io-redis-adapter`,
  );
}

async function protocol(suite: Suite, directory: string, times: number): Promise<number> {
  const host = await startHost(suite, PORT);
  const failed = await repeat(times, () => run(process.execPath, [mochaOf(directory), "test-suite.js"], directory));
  await host.close();
  return failed;
}

async function adapter(directory: string, times: number): Promise<number> {
  const redis = await startRedis();
  const runner = join(root, "test", "conformance", "adapter-runner.cjs");
  const args = [mochaOf(directory), "--exit", "--timeout", "10000", "--require", "ts-node/register", runner];
  const env = { SUITE: directory, DIST: join(root, "dist"), REDIS_URL: redis.url, TS_NODE_TRANSPILE_ONLY: "true" };
  const failed = await repeat(times, () => run(process.execPath, args, directory, env));
  await redis.stop();
  return failed;
}

/** Runs it so many times; says how many failed. */
async function repeat(times: number, work: () => Promise<number>): Promise<number> {
  let failed = 0;
  for (let turn = 0; turn < times; turn++) if ((await work()) !== 0) failed += 1;
  console.log(`conformance: ${times - failed} of ${times} runs without a failure`);
  return failed === 0 ? 0 : 1;
}

function mochaOf(directory: string): string {
  return createRequire(join(directory, "package.json")).resolve("mocha/bin/mocha");
}

async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<number> {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: "inherit" });
  const [code] = await once(child, "exit");
  return code ?? 1;
}

function fail(message: string): number {
  console.error(`conformance: ${message}`);
  return 2;
}
