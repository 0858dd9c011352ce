// WORKERS: several processes behind the same ports are one server to everybody outside.
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { descendants } from "../support/processes.ts";
import { type Redis, startRedis } from "../support/redis.ts";
import { createDatabase } from "../support/shared.ts";
import { type SpawnedServer, spawnServer } from "../support/spawn-server.ts";
import { call } from "./flow.ts";
import { addressOf, listen, listenRaw } from "./nodes.ts";

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

/** A request on a connection of its own, and whether it has had an answer or an end. */
function outcomeOf(method: "GET" | "POST"): { settled: boolean } {
  const outcome = { settled: false };
  const body = method === "POST" ? { body: "{}" } : {}; // with a body, the primary keeps the socket and hands over pieces
  const init = { method, headers: { connection: "close", "content-type": "application/json" }, ...body };
  const done = (): void => {
    outcome.settled = true;
  };
  fetch(`${server.url}/${method === "POST" ? "api/v1/system" : "healthz"}`, init).then(done, done);
  return outcome;
}

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
    await eventually(async () => (await differentWorkers(server.url)) === 2);
    const stops = server.stop();
    expect(await stops).toEqual({ code: 0, signal: null });
  });

  it.each(["websocket,polling", "websocket"])(
    "ends what a worker held that dies, also what that had not taken yet (TRANSPORTS=%s)",
    async (transports) => {
      server = await start({ TRANSPORTS: transports });
      await server.line(/Classwire is at/, 30_000); // when all of them serve
      const [victim = 0] = workersOf();
      process.kill(victim, "SIGSTOP"); // it takes nothing more, and the primary does not know
      const outcomes = Array.from({ length: 40 }, (_, turn) => outcomeOf(turn % 2 === 0 ? "GET" : "POST"));
      await eventually(() => outcomes.filter(({ settled }) => settled).length >= 5, {
        what: "answers of the other worker",
      });
      process.kill(victim, "SIGKILL");
      await eventually(() => outcomes.every(({ settled }) => settled), { what: "an end of every request" });
    },
  );

  it("does not start when a worker cannot, and says why once", async () => {
    server = await spawnServer(
      { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none", REDIS_URL: redis.url, WORKERS: "3" },
      { ready: false },
    );
    expect((await server.exited).code).toBe(1);
    expect(server.lines.filter((line) => line.startsWith("classwire: "))).toHaveLength(1);
  });
});
