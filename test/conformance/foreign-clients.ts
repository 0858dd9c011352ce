// Clients of other versions and languages against the server as users run it; those that are not here are named, with what installs them.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawnServer } from "../support/spawn-server.ts";
import { signToken } from "../support/tokens.ts";

/** How one client went. */
export interface Outcome {
  readonly client: string;
  readonly result: "ok" | "failed" | "not here";
  /** What it said, or what installs it. */
  readonly detail: string;
}

/** What starts one client, given the server's URL, a token and its user. */
interface ForeignClient {
  readonly name: string;
  command(url: string, token: string, user: string): readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A command that succeeds where the client is there. */
  readonly probe: readonly string[];
  readonly install: string;
}

const here = (file: string): string => fileURLToPath(new URL(`./clients/${file}`, import.meta.url));
const cache = fileURLToPath(new URL("../../node_modules/.cache/conformance", import.meta.url));
const GO_ENV = { GO111MODULE: "off", GOPATH: "/usr/share/gocode", GOFLAGS: "", GOCACHE: join(cache, "go") };

const socketIo = (version: string): ForeignClient => ({
  name: `socket.io-client ${version}`,
  command: (...given) => [process.execPath, here("socket-io.mjs"), join(cache, version), ...given],
  probe: [process.execPath, "--version"],
  install: "npm",
});
const python = (name: string, module: string, file: string, ...more: string[]): ForeignClient => ({
  name,
  command: (...given) => ["/usr/bin/python3", here(file), ...given, ...more],
  probe: ["/usr/bin/python3", "-c", `import ${module}`],
  install: `apt-get install python3-${module} python3-requests python3-websocket`,
});

const CLIENTS: readonly ForeignClient[] = [
  ...["3.1.3", "4.0.2", "4.8.4"].map(socketIo),
  python("python-socketio, websocket", "socketio", "python_socketio.py", "websocket"),
  python("python-socketio, polling", "socketio", "python_socketio.py", "polling"),
  python("python websockets", "websockets", "python_websockets.py"),
  {
    name: "gorilla/websocket",
    command: (...given) => ["go", "run", here("gorilla.go"), ...given],
    env: GO_ENV,
    probe: ["go", "list", "github.com/gorilla/websocket"],
    install: "apt-get install golang-go golang-github-gorilla-websocket-dev",
  },
];

/** Runs all of them, each as a user of its own whom a notification awaits. */
export async function runForeignClients(): Promise<Outcome[]> {
  for (const version of ["3.1.3", "4.0.2", "4.8.4"]) installSocketIo(version);
  const server = await spawnServer({ LOG_LEVEL: "warn" }, { built: true });
  const outcomes: Outcome[] = [];
  for (const [index, client] of CLIENTS.entries()) {
    const user = String(index + 1);
    await notify(server.url, user);
    outcomes.push(run(client, server.url, user));
  }
  await server.stop();
  return outcomes;
}

function run({ name, command, env, probe, install }: ForeignClient, url: string, user: string): Outcome {
  const options = { encoding: "utf8", timeout: 120_000, env: { ...process.env, ...env } } as const;
  const [tried = "", ...how] = probe;
  if (spawnSync(tried, how, options).status !== 0) return { client: name, result: "not here", detail: install };
  const [program = "", ...given] = command(url, signToken(user), user);
  const { status, stdout, stderr } = spawnSync(program, given, options);
  const isFine = status === 0 && stdout.trim().endsWith("ok");
  return { client: name, result: isFine ? "ok" : "failed", detail: isFine ? "" : `${stdout}${stderr}`.trim() };
}

async function notify(url: string, userId: string): Promise<void> {
  const response = await fetch(`${url}/api/v1/notifications`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${signToken({ sub: "backend", role: "service" })}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ userId, title: "waiting", message: "m" }),
  });
  if (response.status !== 201) throw new Error(`the notification was answered ${response.status}`);
}

/** Puts a version of socket.io-client into the cache, once. */
function installSocketIo(version: string): void {
  const directory = join(cache, version);
  if (existsSync(join(directory, "node_modules", "socket.io-client"))) return;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "package.json"), "{}");
  const options = ["--prefix", directory, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  spawnSync("npm", ["install", ...options, `socket.io-client@${version}`], { stdio: "inherit" });
}
