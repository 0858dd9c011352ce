// WORKERS: several processes behind the same ports are one server to everybody outside.
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { descendants } from "../support/processes.ts";
import { type Redis, startRedis } from "../support/redis.ts";
import { createDatabase } from "../support/shared.ts";
import { type SpawnedServer, spawnServer } from "../support/spawn-server.ts";
import { signToken } from "../support/tokens.ts";
import { call } from "./flow.ts";
import { addressOf, listen, listenRaw } from "./nodes.ts";
import { call as request, startLoad } from "./worker-load.ts";

vi.setConfig({ testTimeout: 120_000 }); // each start of three processes takes its time on a loaded machine

let redis: Redis;
let databaseUrl: string;
let server: SpawnedServer;
beforeAll(async () => {
  redis = await startRedis();
  databaseUrl = await createDatabase();
});
afterEach(() => server.stop());
afterAll(() => redis.stop());

const start = (env: Record<string, string>, ports = 1) =>
  spawnServer({ DATABASE_URL: databaseUrl, REDIS_URL: redis.url, WORKERS: "2", ...env }, { ports });

/** The processes behind the server that are workers. */
const workersOf = (): number[] => descendants(server.pid);

/** The metrics of one worker name it by what it holds: how many different ones answer. */
async function differentWorkers(url: string): Promise<number> {
  const seen = new Set<string>();
  for (let turn = 0; turn < 20; turn++) {
    const text = await (await fetch(`${url}/metrics`, { headers: { connection: "close" } })).text();
    seen.add(/^process_start_time_seconds.*$/m.exec(text)?.[0] ?? "");
  }
  return seen.size;
}

describe.each([
  { transports: "websocket", transport: "websocket" },
  { transports: "websocket,polling", transport: "polling" },
] as const)("two workers with TRANSPORTS=$transports", ({ transports, transport }) => {
  it("share two ports, serve every kind of client, and drain when they are told to", async () => {
    server = await start({ TRANSPORTS: transports, JWT_SECRET: "", LOG_LEVEL: "info" }, 2);
    await server.line(/Classwire is at/, 30_000); // when all of them serve
    const banners = server.lines.filter((line) => line.includes("Classwire is at"));
    expect(banners).toHaveLength(1);
    expect(banners[0]).toContain(`:${server.ports[0]} and http://127.0.0.1:${server.ports[1]}`);
    expect(workersOf()).toHaveLength(2); // that both are asked is tried below: these may have started in the same second

    // The tokens of the banner are good on both workers: the generated secret is the same.
    const tokens = server.lines.filter((line) => /^\s+eyJ/.test(line)).map((line) => line.trim());
    const [learner = "", , service = ""] = tokens;
    const urls = server.ports.map((port) => `http://127.0.0.1:${port}`);
    const listeners = await Promise.all(
      urls.flatMap((url) => [
        listen(addressOf(url), "/channels", learner, {}, { transports: [transport] }),
        listenRaw(addressOf(url), "/ws", learner),
      ]),
    );
    const long = "long ".repeat(12_000); // more than one chunk
    const posted = await call({ url: server.url }, "POST", "/api/v1/system", { message: long, level: "info" }, service);
    expect(posted.status).toBe(202);
    for (const listener of listeners) await listener.hears("system", long);

    server.kill("SIGTERM");
    expect(await server.exited).toEqual({ code: 0, signal: null });
    for (const listener of listeners) expect(listener.heard.map(({ name }) => name)).not.toContain("refused");
  });
});

describe("the primary", () => {
  it("replaces a worker that was killed", async () => {
    server = await start({ TRANSPORTS: "websocket" });
    await server.line(/Classwire is at/, 30_000); // when all of them serve
    const [first = 0, second] = workersOf();
    process.kill(first, "SIGKILL");
    await eventually(() => {
      const now = workersOf();
      return now.length === 2 && !now.includes(first) && now.includes(second ?? 0);
    });
    await eventually(async () => (await differentWorkers(server.url)) === 2, { timeoutMs: 30_000 });
    const stops = server.stop();
    expect(await stops).toEqual({ code: 0, signal: null });
  });

  it("does not start when a worker cannot, and says why once", async () => {
    server = await spawnServer(
      { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none", REDIS_URL: redis.url, WORKERS: "3" },
      { ready: false },
    );
    expect((await server.exited).code).toBe(1);
    expect(server.lines.filter((line) => line.startsWith("classwire: "))).toHaveLength(1);
  });
});

describe.each(["websocket,polling", "websocket"])(
  "every request is answered or ends, with TRANSPORTS=%s",
  (transports) => {
    const serving = () => server.lines.filter((line) => line.includes("a worker serves")).length;
    const startThree = async () => {
      const attempts = { CONNECT_ATTEMPTS_PER_MINUTE: "1000000" };
      server = await start({ TRANSPORTS: transports, WORKERS: "3", LOG_LEVEL: "info", ...attempts });
      await eventually(() => serving() === 3, { timeoutMs: 60_000 });
    };

    it("while workers are killed, told to end, and shut down with the primary", async () => {
      await startThree();
      const polls = transports.includes("polling");
      const load = await startLoad(server.url, {
        clients: 12,
        transports: polls ? ["polling", "websocket"] : ["websocket"],
        callers: 6,
        beginners: polls ? 3 : 0,
      });
      for (const signal of ["SIGKILL", "SIGTERM"] as const) {
        const before = serving();
        process.kill(workersOf()[0] ?? 0, signal);
        await eventually(() => serving() > before, { timeoutMs: 60_000, what: "a replacement" });
      }
      server.kill("SIGTERM");
      expect(await server.exited).toEqual({ code: 0, signal: null });
      await load.stop();
      const { answered, unanswered, wrong } = load.report();
      expect({ unanswered, wrong }).toEqual({ unanswered: [], wrong: [] });
      expect(answered).toBeGreaterThan(0);
    });

    it("while one is frozen: the others serve, and what it was given goes to them when it is killed", async () => {
      await startThree();
      // Also a client that ends its side of the connection after the request.
      const socket = connect({ port: server.ports[0] ?? 0, host: "127.0.0.1", allowHalfOpen: true });
      socket.end("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /);

      const [frozen = 0] = workersOf();
      process.kill(frozen, "SIGSTOP");
      const outcomes: (number | "ended")[] = [];
      const body = JSON.stringify({ message: "long ".repeat(12_000), level: "info" });
      const authorization = `Bearer ${signToken({ sub: "1", role: "service" })}`;
      const options = { agent: false, headers: { authorization, "content-type": "application/json" } } as const;
      const calls = Array.from({ length: 12 }, async (_, index) => {
        const [path, sent] = index % 2 === 0 ? ["/healthz", undefined] : ["/api/v1/system", body];
        outcomes.push(await request(server.url + path, options, sent));
      });
      await eventually(() => outcomes.length === 11, { timeoutMs: 30_000 });
      process.kill(frozen, "SIGKILL");
      await Promise.all(calls);
      expect(outcomes.sort()).toEqual([200, 200, 200, 200, 200, 200, 202, 202, 202, 202, 202, 202]);
    });
  },
);
