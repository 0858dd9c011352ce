// The standalone server from start to stop: what it refuses to start with, how it says goodbye, and what is there afterwards.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { freePorts } from "../../scripts/free-ports.mjs";
import { connectTo, next } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { inboxOf } from "../support/inbox.ts";
import { createDatabase, ensureBuilt } from "../support/shared.ts";
import { type SpawnedServer, type SpawnOptions, spawnServer } from "../support/spawn-server.ts";

const open: { stop(): Promise<unknown> }[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await Promise.all(open.splice(0).map((server) => server.stop()));
});

async function spawn(env: Record<string, string> = {}, options: SpawnOptions = {}): Promise<SpawnedServer> {
  const server = await spawnServer({ LOG_LEVEL: "warn", ...env }, options);
  open.push(server);
  return server;
}

function connect(server: SpawnedServer, namespace: string, who: string, auth: object = {}, transport = "websocket") {
  const socket = connectTo(server.url, namespace, who, { auth, transports: [transport] });
  sockets.push(socket);
  return socket;
}

vi.setConfig({ testTimeout: 90_000 }); // each start of a process takes its time on a loaded machine
beforeAll(() => ensureBuilt());

describe("a stop", () => {
  it("tells every client, on every transport, and ends with 0", async () => {
    const server = await spawn();
    const clients = ["websocket", "polling"].flatMap((transport, n) =>
      ["/dashboard", "/channels", "/study-time"].map((namespace) =>
        connect(server, namespace, `${n + 1}`, { courseId: "go" }, transport),
      ),
    );
    const inboxes = clients.map(inboxOf);
    await Promise.all(clients.map((socket) => next(socket, "connected")));
    const gone = clients.map((socket) => next(socket, "disconnect"));
    const began = performance.now();
    server.kill("SIGTERM");
    const reasons = await Promise.all(gone);
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeLessThan(10_000);
    for (const inbox of inboxes) {
      expect(inbox.payloads("close")).toEqual([{ reason: "服务器维护", timestamp: expect.any(String) }]);
    }
    // Not "io server disconnect", after which a standard client would not come back by itself.
    expect(reasons.map(([reason]) => reason)).toEqual(clients.map(() => "transport close"));
  });

  it("is cut short by a second signal", async () => {
    const server = await spawn({ DRAIN_DELAY_SECONDS: "6" });
    const began = performance.now();
    server.kill("SIGINT");
    await eventually(async () => (await fetch(`${server.url}/readyz`)).status === 503);
    await sleep(150); // Ctrl-C in a terminal comes twice, once from npm
    server.kill("SIGTERM");
    expect((await server.exited).code).toBe(1);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});

describe.each(["embedded", "postgres"])("study time on %s", (kind) => {
  let env: Record<string, string>;
  const directory = mkdtempSync(join(tmpdir(), "classwire-lifecycle-"));
  beforeAll(async () => {
    env = { DATABASE_URL: kind === "postgres" ? await createDatabase() : "" };
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  async function study(server: SpawnedServer): Promise<{ socket: Socket; studyTime: number }> {
    const socket = connect(server, "/study-time", "learner", { courseId: "go" });
    const [connected] = await next(socket, "connected");
    return { socket, studyTime: connected.studyTime };
  }

  it("is there after kill -9 as it was acknowledged, and after a stop up to that moment", async () => {
    const first = await spawn(env, { directory });
    const { socket, studyTime } = await study(first);
    expect(studyTime).toBe(0);
    await sleep(1100);
    const answer = await socket.emitWithAck("heartbeat", {});
    expect(answer.studyTime).toBeGreaterThanOrEqual(1);
    first.kill("SIGKILL");
    await first.exited;

    const second = await spawn(env, { directory });
    const again = await study(second);
    expect(again.studyTime).toBe(answer.studyTime);
    await sleep(1100);
    second.kill("SIGTERM");
    expect((await second.exited).code).toBe(0);

    const third = await spawn(env, { directory });
    expect((await study(third)).studyTime).toBeGreaterThan(answer.studyTime);
  });
});

it("a server goes on when nobody reads what it prints", async () => {
  const [port] = await freePorts(1);
  const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
  const server = fork(main, {
    env: { PATH: process.env["PATH"], PORT: String(port), DATABASE_URL: "memory:" },
    stdio: ["ignore", "pipe", "ignore", "ipc"],
  });
  const exited = once(server, "exit");
  open.push({ stop: async () => server.kill("SIGKILL") });
  server.stdout?.destroy();
  await eventually(async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok, {
    timeoutMs: 30_000,
  });
  server.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
});

describe("a start fails with one line and 1", () => {
  async function lines(env: Record<string, string>, options: SpawnOptions = {}): Promise<readonly string[]> {
    const server = await spawn(env, { ...options, ready: false });
    expect(await server.exited).toEqual({ code: 1, signal: null });
    return server.lines;
  }

  it("when a variable is bad, and says which, what it is and what is allowed", async () => {
    expect(await lines({ MAX_CONNECTIONS: "many" })).toEqual([
      expect.stringMatching(/^classwire: MAX_CONNECTIONS is "many"; allowed: .*1.*1000000/),
    ]);
  });

  it("when there is no secret in production", async () => {
    expect(await lines({ NODE_ENV: "production", JWT_SECRET: "" })).toEqual([
      expect.stringMatching(/^classwire: JWT_SECRET is not set; allowed: .*32 bytes/),
    ]);
  });

  it("when the port is taken", async () => {
    const taken = createServer();
    await new Promise<void>((listening) => taken.listen(0, "127.0.0.1", listening));
    const address = taken.address();
    const port = typeof address === "object" ? address?.port : undefined;
    expect(await lines({ PORT: String(port) })).toEqual([
      expect.stringMatching(/^classwire: PORT cannot be used: .*EADDRINUSE.*/),
    ]);
    taken.close();
  });

  it("when the address is not this machine's, and says which variable it is", async () => {
    expect(await lines({ HOST: "192.0.2.1" })).toEqual([
      expect.stringMatching(/^classwire: HOST cannot be used: .*EADDRNOTAVAIL.*192\.0\.2\.1/),
    ]);
  });

  it("when the data directory cannot be one", async () => {
    expect(await lines({ DATABASE_URL: "", DATA_DIR: "/dev/null/data" })).toEqual([
      expect.stringMatching(/^classwire: The data directory \/dev\/null\/data \(DATA_DIR\) cannot be used: ENOTDIR/),
    ]);
  });

  it("when the data directory is where none can be made", async () => {
    expect(await lines({ DATABASE_URL: "", DATA_DIR: "/proc/nothing/here" })).toEqual([
      expect.stringMatching(/^classwire: The data directory \/proc\/nothing\/here \(DATA_DIR\) cannot be used: /),
    ]);
  });

  it("when another server has the data directory", async () => {
    const first = await spawn({ DATABASE_URL: "" });
    expect(await lines({ DATABASE_URL: "" }, { directory: first.directory })).toEqual([
      expect.stringMatching(/^classwire: .*\.data/),
    ]);
  });

  it("when the database cannot be reached", async () => {
    expect(await lines({ DATABASE_URL: "postgres://nobody:secret-word@127.0.0.1:1/none" })).toEqual([
      expect.stringMatching(/^classwire: (?!.*secret-word)/),
    ]);
  });
});
