// The clients that others wrote, against the server as users run it; those that are not on the machine are named, with what installs them.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findService, howToGet } from "../../../scripts/services.mjs";
import { startBrowser } from "../../support/browser.ts";
import { spawnServer } from "../../support/spawn-server.ts";
import { Backend } from "./backend.ts";
import { type Bridge, startBridge } from "./bridge.ts";
import { startBrowserBridge } from "./browser-bridge.ts";
import { type Conversation, ENDPOINTS, raw, socketIo } from "./conversations.ts";

/** One client. */
interface ForeignClient {
  readonly name: string;
  /** Why it cannot be tried: what installs it. Undefined where it is there; may install it. */
  missing(): string | undefined;
  /** Starts it. */
  start(url: string): Promise<Bridge>;
  readonly conversations: readonly Conversation[];
}

const bridge = (file: string): string => fileURLToPath(new URL(`./bridges/${file}`, import.meta.url));
const cache = fileURLToPath(new URL("../../../node_modules/.cache/conformance", import.meta.url));
const PYTHON = "/usr/bin/python3"; // Debian's, which sees Debian's packages
const GO_ENV = { GO111MODULE: "off", GOPATH: "/usr/share/gocode", GOFLAGS: "", GOCACHE: join(cache, "go") };
const SOCKET_IO = [socketIo];
const RAW = Object.entries(ENDPOINTS).map(([dialect, endpoint]) => raw(dialect, endpoint));

/** Whether a command succeeds. */
const works = (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): boolean =>
  spawnSync(program, args, { env: { ...process.env, ...env }, stdio: "ignore" }).status === 0;

const javaScript = (version: string, transport: string): ForeignClient => ({
  name: `socket.io-client ${version}, ${transport}`,
  missing: () => installSocketIo(version),
  start: async () => startBridge(process.execPath, [bridge("socket-io.mjs"), join(cache, version), transport]),
  conversations: SOCKET_IO,
});

const python = (
  name: string,
  module: string,
  args: readonly string[],
  conversations: ForeignClient["conversations"],
) => ({
  name,
  missing: () => (works(PYTHON, ["-c", `import ${module}`]) ? undefined : `apt-get install ${PACKAGES[module]}`),
  start: async () => startBridge(PYTHON, [bridge(`python_${module}.py`), ...args]),
  conversations,
});
const PACKAGES: Readonly<Record<string, string>> = {
  socketio: "python3-socketio python3-requests python3-websocket",
  websockets: "python3-websockets",
};

/** Chromium in a page of its own: its WebSocket, or socket.io-client. */
const browser = (name: string, conversations: ForeignClient["conversations"]): ForeignClient => ({
  name: `Chromium, ${name}`,
  missing: () => (findService("chromium") === undefined ? howToGet(["chromium"]) : undefined),
  async start(url) {
    const running = await startBrowser();
    try {
      return { ...(await startBrowserBridge(running, url)), end: () => running.close() };
    } catch (error) {
      await running.close();
      throw error;
    }
  },
  conversations,
});

const CLIENTS: readonly ForeignClient[] = [
  javaScript("3.1.3", "websocket"),
  javaScript("4.0.2", "websocket"),
  javaScript("4.8.4", "websocket"),
  javaScript("4.8.4", "polling"),
  python("python-socketio, websocket", "socketio", ["websocket"], SOCKET_IO),
  python("python-socketio, polling", "socketio", ["polling"], SOCKET_IO),
  browser("socket.io-client, polling and then websocket", SOCKET_IO),
  {
    name: "ws",
    missing: () => undefined,
    start: async () => startBridge(process.execPath, [bridge("ws.mjs")]),
    conversations: RAW,
  },
  python("Python websockets", "websockets", [], RAW),
  {
    name: "gorilla/websocket",
    missing: () =>
      works("go", ["list", "github.com/gorilla/websocket"], GO_ENV)
        ? undefined
        : "apt-get install golang-go golang-github-gorilla-websocket-dev",
    start: async () => startBridge("go", ["run", bridge("gorilla.go")], GO_ENV),
    conversations: RAW,
  },
  browser("WebSocket", RAW),
];

/** Puts each of them through its conversations, as a user of its own. @returns whether none failed */
export async function runForeignClients(say: (line: string) => void): Promise<boolean> {
  const server = await spawnServer({ LOG_LEVEL: "warn" }, { built: true });
  const backend = new Backend(server.url);
  let isGood = true;
  try {
    for (const [index, client] of CLIENTS.entries()) {
      const install = client.missing();
      if (install !== undefined) {
        say(`not here  ${client.name}: ${install}`);
        continue;
      }
      const { line, good } = await converse(client, backend, String(index + 1));
      say(line);
      isGood &&= good;
    }
  } finally {
    await server.stop();
  }
  return isGood;
}

/** One client's conversations, to the first step that fails. */
async function converse(
  { name, start, conversations }: ForeignClient,
  backend: Backend,
  user: string,
): Promise<{ line: string; good: boolean }> {
  const steps: string[] = [];
  let client: Bridge | undefined;
  try {
    client = await start(backend.url);
    for (const conversation of conversations)
      await conversation(client, backend, user, (step) => void steps.push(step));
    return { line: `ok        ${name}: ${steps.length} steps`, good: true };
  } catch (error) {
    return {
      line: `failed    ${name}: ${steps.at(-1)}: ${error instanceof Error ? error.message : error}`,
      good: false,
    };
  } finally {
    await client?.end();
  }
}

/** Puts a version of socket.io-client into the cache, once. @returns the command, where that fails */
function installSocketIo(version: string): string | undefined {
  const directory = join(cache, version);
  if (existsSync(join(directory, "node_modules", "socket.io-client"))) return undefined;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "package.json"), "{}");
  const args = ["install", "--no-save", "--prefix", directory, "--no-audit", "--no-fund", "--ignore-scripts"];
  return works("npm", [...args, `socket.io-client@${version}`])
    ? undefined
    : `npm install --no-save --prefix ${directory} socket.io-client@${version}`;
}
