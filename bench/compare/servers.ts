// The servers that are compared: how each is started, how its clients connect, how a backend makes it say something.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Child, startChild } from "../../test/support/child.ts";
import { startPostgres } from "../../test/support/postgres.ts";
import { startRedis } from "../../test/support/redis.ts";
import { type SpawnedServer, spawnServer } from "../../test/support/spawn-server.ts";
import { signToken, TEST_SECRET } from "../../test/support/tokens.ts";
import type { Target } from "./orders.ts";

/** An event that a backend wants said: to everyone, or to a room. */
export interface Said {
  readonly room?: string;
  /** How many times, in one request. */
  readonly times?: number;
  /** When it was said, epoch milliseconds; goes along as `at`. */
  readonly at?: number;
}

/** One server, or two that share a Redis, while it runs. */
export interface Contender {
  readonly name: ContenderName;
  readonly pids: readonly number[];
  /** One for each node. */
  readonly targets: readonly Target[];
  /** Has the first node say it. */
  say(said: Said): Promise<void>;
  /** Bytes of JavaScript heap after a collection; undefined where there is none. */
  heap(): Promise<number | undefined>;
  stop(): Promise<void>;
}

/** What can be compared. */
export type ContenderName = (typeof CONTENDERS)[number];

/** All contenders on one node, in the order of the table; `+adapter` and `two nodes` stand on Redis. */
export const CONTENDERS = [
  "ws",
  "Socket.IO",
  "Go hub",
  "Classwire Socket.IO",
  "Classwire raw",
  "Socket.IO two nodes",
  "Classwire two nodes",
] as const;

/** What carries the 300 bytes. */
const TEXT = "Chapter 3 is open: lexical elements, identifiers and keywords. ".repeat(3);
const RAW_HEARTBEAT = '{"type":"ping","content":null,"timestamp":0}';
const PROBE = fileURLToPath(new URL("./heap-probe.mjs", import.meta.url));
const here = (name: string): string => fileURLToPath(new URL(`./server/${name}`, import.meta.url));

/** Whether it can run here: the hub needs Go and gorilla/websocket (Debian: golang-go, golang-github-gorilla-websocket-dev). */
export function canRun(name: ContenderName): boolean {
  if (name !== "Go hub") return true;
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Starts one. Rejects when it does not come up. */
export async function start(name: ContenderName): Promise<Contender> {
  if (name.startsWith("Classwire")) return startClasswireNodes(name, name.endsWith("nodes") ? 2 : 1);
  if (name === "Go hub") return startPlain(name, [startHub()], "ws");
  if (name === "ws") return startPlain(name, [startScript("ws.ts")], "ws");
  if (name === "Socket.IO") return startPlain(name, [startScript("socket-io.ts")], "socket.io");
  const redis = await startRedis();
  const servers = [0, 1].map(() => startScript("socket-io.ts", redis.url));
  return startPlain(name, servers, "socket.io", () => redis.stop());
}

function startScript(file: string, ...args: string[]): Child {
  const flags = ["--expose-gc", "--import", PROBE, "--import", "tsx", here(file), ...args];
  return startChild(process.execPath, flags, { env: process.env });
}

/** Builds the hub without modules, from the packages of the system. */
function startHub(): Child {
  const directory = mkdtempSync(join(tmpdir(), "classwire-hub-"));
  const program = join(directory, "hub");
  const env = { ...process.env, GO111MODULE: "off", GOPATH: "/usr/share/gocode", GOCACHE: join(directory, "cache") };
  execFileSync("go", ["build", "-o", program, here("hub.go")], { env, stdio: ["ignore", "ignore", "inherit"] });
  const child = startChild(program, [], { env: process.env });
  void child.exited.then(() => rmSync(directory, { recursive: true, force: true }));
  return child;
}

async function startPlain(
  name: ContenderName,
  children: readonly Child[],
  protocol: "ws" | "socket.io",
  after: () => Promise<void> = async () => undefined,
): Promise<Contender> {
  const urls = await Promise.all(children.map((child) => child.line(/^http/, 60_000)));
  const targets = urls.map((url): Target => {
    const port = Number(new URL(url).port);
    return protocol === "ws"
      ? { protocol, port, path: "/?room=$room", greetings: [], heartbeat: RAW_HEARTBEAT, secret: undefined }
      : {
          protocol,
          port,
          path: "/socket.io/?EIO=4&transport=websocket&room=$room",
          greetings: [
            { say: "", until: "0{" },
            { say: "40", until: "40" },
          ],
          heartbeat: '421["heartbeat"]',
          secret: undefined,
        };
  });
  const [first] = urls;
  return {
    name,
    pids: children.map(({ pid }) => pid),
    targets,
    say: ({ room, times, at }) =>
      post(`${first}/broadcast`, {
        room,
        times,
        event: "system",
        payload: { message: TEXT, level: "info", code: 0, at, timestamp: Date.now() },
      }),
    heap: name === "Go hub" ? async () => undefined : heapProbe(children),
    async stop() {
      for (const child of children) child.kill("SIGKILL");
      await Promise.all(children.map((child) => child.exited));
      await after();
    },
  };
}

/** Nodes with everything on, in production, on a PostgreSQL of their own. */
async function startClasswireNodes(name: ContenderName, count: number): Promise<Contender> {
  const [postgres, redis] = await Promise.all([startPostgres(), count > 1 ? startRedis() : undefined]);
  const env = {
    NODE_ENV: "production",
    LOG_LEVEL: "warn",
    DATABASE_URL: await postgres.createDatabase(),
    ...(redis !== undefined && { REDIS_URL: redis.url, TRANSPORTS: "websocket" }),
    MAX_CONNECTIONS: "20000",
    CONNECT_ATTEMPTS_PER_MINUTE: "100000",
    NODE_OPTIONS: `--expose-gc --import ${PROBE} ${process.env["BENCH_NODE_OPTIONS"] ?? ""}`,
  };
  const nodes: SpawnedServer[] = [];
  for (let index = 0; index < count; index++) nodes.push(await spawnServer(env, { built: true }));
  const headers = { Authorization: `Bearer ${signToken({ sub: "backend", role: "service" })}` };
  const [first] = nodes;
  const targets = nodes.map(({ ports: [port = 0] }): Target => {
    if (name === "Classwire raw") {
      return {
        protocol: "raw",
        port,
        path: "/ws?token=$token",
        greetings: [{ say: RAW_HEARTBEAT, until: '{"type":"pong"' }],
        join: '{"type":"join_room","content":"$room"}',
        heartbeat: RAW_HEARTBEAT,
        secret: TEST_SECRET,
      };
    }
    return {
      protocol: "socket.io",
      port,
      path: "/socket.io/?EIO=4&transport=websocket",
      greetings: [
        { say: "", until: "0{" },
        { say: '40/channels,{"token":"$token"}', until: "40/channels" },
        { say: '42/channels,1["heartbeat"]', until: "43/channels,1" },
      ],
      join: '42/channels,["join_room",{"room":"$room"}]',
      heartbeat: '42/channels,2["heartbeat"]',
      secret: TEST_SECRET,
    };
  });
  return {
    name,
    pids: nodes.map(({ pid }) => pid),
    targets,
    say: ({ room, times = 1, at }) =>
      post(`${first?.url}/api/v1/batch`, { items: Array.from({ length: times }, () => item(room, at)) }, headers),
    heap: heapProbe(nodes),
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
      await Promise.all([postgres.stop(), redis?.stop()]);
    },
  };
}

/** What a batch is asked for: the event to everyone, or a room's. */
function item(room: string | undefined, at: number | undefined): unknown {
  if (room === undefined) return { path: "/api/v1/system", body: { message: TEXT, level: "info", code: 0 } };
  const data = { at, message: TEXT };
  return { path: "/api/v1/data-updates", body: { entity: "chapter", action: "update", id: "3", data, to: { room } } };
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<void> {
  const init = {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  };
  const response = await fetch(url, init);
  const answer = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${answer}`);
}

/** Asks the heap probe of each, which counts its answers. */
function heapProbe(children: readonly Pick<Child, "kill" | "line">[]): () => Promise<number> {
  let asked = 0;
  return async () => {
    asked += 1;
    for (const child of children) child.kill("SIGUSR2");
    const lines = await Promise.all(children.map((child) => child.line(new RegExp(`^heap ${asked} `), 60_000)));
    return lines.reduce((sum, line) => sum + Number(line.split(" ")[2]), 0);
  };
}
