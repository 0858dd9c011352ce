// `npm run cluster`: a whole cluster on this machine. Redis, PostgreSQL, two nodes (or as many as you say) and a proxy before them;
// Ctrl-C ends all of it. Usage: npm run cluster [-- nodes]; PORT is the proxy's port.
// @ts-check
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { startDatabases } from "./cluster/databases.mjs";
import { startProgram, until } from "./cluster/processes.mjs";
import { startProxy } from "./cluster/proxy.mjs";
import { freePorts } from "./free-ports.mjs";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const count = Number(process.argv[2] ?? 2);
/** What ends what has been started, the last one first. @type {(() => Promise<unknown>)[]} */
const ends = [];
/** @param {string} text */
const say = (text) => process.stdout.write(`${text}\n`);
/** When the stop began. @type {number | undefined} */
let stopping;

/** Ends everything and then this process; asked again, at once. A terminal and npm both pass one Ctrl-C on: that is not again. */
async function stop(code = 0) {
  if (stopping !== undefined && performance.now() - stopping > 100) process.exit(1);
  if (stopping !== undefined) return;
  stopping = performance.now();
  for (const end of ends.reverse()) await end();
  process.exit(code);
}

/**
 * Starts a node and waits until it is ready.
 * @param {string} name
 * @param {number} port
 * @param {Record<string, string>} env
 * @returns {Promise<string[]>} what it has printed so far
 */
async function startNode(name, port, env) {
  /** @type {string[]} */
  const printed = [];
  let ready = false;
  const node = startProgram(process.execPath, ["--enable-source-maps", main], {
    env: { ...env, PORT: String(port) },
    line(text) {
      printed.push(text);
      if (ready) say(`${name}  ${text}`);
    },
  });
  ends.push(async () => {
    node.kill();
    await node.exited;
  });
  // A node is ready before it has printed its tokens; an empty line ends them.
  const hasTokens = () => {
    const heading = printed.findIndex((line) => line.includes("use these tokens"));
    return heading >= 0 && printed.lastIndexOf("") > heading;
  };
  const isReady = () =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok && hasTokens(),
      () => false,
    );
  await until(node, isReady, name).catch((error) => {
    throw new Error([error.message, ...printed].join("\n"));
  });
  ready = true;
  void node.exited.then((code) => stopping === undefined && say(`${name}  has ended (${code}); the others go on`));
  return printed;
}

process.on("SIGINT", () => void stop());
process.on("SIGTERM", () => void stop());
try {
  if (!Number.isInteger(count) || count < 1 || count > 16) throw new Error("how many nodes? 1 to 16");
  say("starting Redis and PostgreSQL …");
  const databases = await startDatabases();
  ends.push(databases.stop);
  const ports = await freePorts(count);
  const env = {
    NODE_ENV: "development",
    HOST: "127.0.0.1",
    WORKERS: "1",
    JWT_SECRET: randomBytes(32).toString("base64url"),
    REDIS_URL: databases.redisUrl,
    DATABASE_URL: databases.databaseUrl,
  };
  say(`starting ${count} nodes …`);
  const printed = await Promise.all(ports.map((port, index) => startNode(`node ${index + 1}`, port, env)));
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const proxy = await startProxy(urls, { port: Number(process.env["PORT"] || 8080) });
  ends.push(proxy.close);
  const banner = printed[0] ?? [];
  const tokens = banner.slice(banner.findIndex((line) => line.includes("use these tokens")) + 1);
  say(
    ["", `  The cluster is at ${proxy.url}`, ...urls.map((url, index) => `  node ${index + 1} alone: ${url}`)].join(
      "\n",
    ),
  );
  say(`  Redis ${databases.redisUrl}, PostgreSQL ${databases.databaseUrl}`);
  say(
    [
      "  Open it in a browser, or use these tokens:",
      ...tokens.filter((line) => line !== ""),
      "",
      "  Ctrl-C ends all of it.",
      "",
    ].join("\n"),
  );
} catch (error) {
  process.stderr.write(`classwire: ${error instanceof Error ? error.message : String(error)}\n`);
  void stop(1);
}
