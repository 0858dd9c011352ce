// `npm run test:node -- 22`: runs the tests on another version of Node, whose program comes from the npm registry.
// Usage: npm run test:node -- <version> [arguments of vitest]; a version is one that npm understands: 22, 24, 22.12.0
// @ts-check
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [version = "", ...rest] = process.argv.slice(2);

if (!/^\d+(\.\d+){0,2}$/.test(version)) {
  process.stderr.write("Usage: npm run test:node -- <version of Node, such as 22> [arguments of vitest]\n");
  process.exit(1);
}

const node = programOf(version);
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
// Its directory comes first on the PATH, for the processes that tests start by name.
const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env["PATH"] ?? ""}` };
run(node, ["--print", "'classwire: testing on Node ' + process.version"], env);
process.exitCode = run(node, [vitest, "run", ...rest], env);

/**
 * The program of this version, in node_modules/.cache; fetched when it is not there.
 * @param {string} wanted
 * @returns {string}
 */
function programOf(wanted) {
  const directory = join(root, "node_modules", ".cache", `node-${wanted}`);
  const name = packageName();
  const program = join(directory, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
  if (existsSync(program)) return program;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "package.json"), "{}");
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const status = run("npm", ["install", "--prefix", directory, ...options, `${name}@${wanted}`], process.env);
  if (status !== 0 || !existsSync(program)) {
    process.stderr.write(`classwire: ${name}@${wanted} could not be installed: is the npm registry reachable?\n`);
    process.exit(1);
  }
  return program;
}

/** The package that brings the program for this machine: one of those that the npm package `node` installs. */
function packageName() {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const prefix = process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node";
  return `${prefix}-${platform}-${process.arch}`;
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {number} its exit code
 */
function run(program, args, env) {
  return spawnSync(program, args, { cwd: root, stdio: "inherit", env }).status ?? 1;
}
