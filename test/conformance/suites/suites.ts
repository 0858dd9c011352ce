// The public suites that Classwire can be held to: how a folder shows which one it is, and how each is run once.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { startRedis } from "../../support/redis.ts";
import { type MochaResult, runMocha } from "./mocha.ts";
import { startEngineIoServer, startSocketIoServer } from "./server.ts";

/** The suites' files name this port. */
const PORT = 3000;
const TSX = import.meta.resolve("tsx");
const EVENTS = new URL("./web-socket-events.mjs", import.meta.url).href;
const ADAPTER_TESTS = fileURLToPath(new URL("./adapter-tests.ts", import.meta.url));

/** A suite in a folder. */
export interface Suite {
  /** What it is called in the report. */
  readonly title: string;
  /** Tests that are known to fail, by their full titles, with the reason, which docs/conformance.md tells. */
  readonly differences: Readonly<Record<string, string>>;
  /** Runs all of its tests once. */
  run(): Promise<MochaResult>;
}

/** How each is recognized: by the name of its package. */
const KNOWN: Readonly<Record<string, (folder: string) => Suite>> = {
  "socket.io-protocol-test-suite": (folder) => ({
    title: "Socket.IO protocol 5",
    differences: {},
    run: () => against(startSocketIoServer, folder),
  }),
  "engine.io-protocol-test-suite": (folder) => ({
    title: "Engine.IO protocol 4",
    differences: {},
    run: () => against(startEngineIoServer, folder),
  }),
  "@socket.io/redis-adapter": (folder) => ({
    title: "Redis adapter",
    differences: {
      "common fetchSockets returns a single socket instance":
        "the handshake crosses Redis without headers, query, URL and auth, which may hold tokens",
    },
    run: () => overRedis(folder),
  }),
};

/**
 * The suite in a folder, or in `test-suite` below it.
 * @throws {Error} in one line: there is none, or its packages are not installed
 */
export function suiteIn(folder: string): Suite {
  for (const place of [resolve(folder), resolve(folder, "test-suite")]) {
    const suite = KNOWN[nameOf(place)];
    if (suite === undefined) continue;
    if (mochaOf(place) === undefined)
      throw new Error(`the suite's own packages are missing: type "npm install --prefix ${place}"`);
    return suite(place);
  }
  throw new Error(`${folder} holds none of the suites that are known: ${Object.keys(KNOWN).join(", ")}`);
}

function nameOf(folder: string): string {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return "";
  const { name } = JSON.parse(readFileSync(file, "utf8")) as { name?: unknown };
  return typeof name === "string" ? name : "";
}

/** The program of the suite's own mocha; undefined where it is not installed. */
function mochaOf(folder: string): string | undefined {
  const require = createRequire(join(folder, "package.json"));
  try {
    const file = require.resolve("mocha/package.json");
    const { bin } = JSON.parse(readFileSync(file, "utf8")) as { bin: Record<string, string> };
    return join(dirname(file), bin["mocha"] ?? "");
  } catch {
    return undefined; // as good as not installed
  }
}

/** Runs a protocol's suite against a server of ours on the port that it names. */
async function against(start: typeof startSocketIoServer, folder: string): Promise<MochaResult> {
  const server = await start(PORT).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE") throw error;
    throw new Error(`the suite's files name port ${PORT}, and something else listens there`);
  });
  try {
    return await runMocha(["--import", EVENTS, mochaOf(folder) ?? "", "test-suite.js"], { cwd: folder });
  } finally {
    await server.close();
  }
}

/** Runs the adapter's tests, which take the adapter as a parameter, on ours. */
async function overRedis(folder: string): Promise<MochaResult> {
  const redis = await startRedis();
  try {
    const args = ["--import", TSX, mochaOf(folder) ?? "", "--timeout", "6000", "--exit", ADAPTER_TESTS];
    return await runMocha(args, { cwd: folder, env: { ADAPTER_SUITE: folder, ADAPTER_REDIS: redis.url } });
  } finally {
    await redis.stop();
  }
}
