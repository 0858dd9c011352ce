// Workers that are killed under load: every request has an answer or an end, and how long the slowest took.
// Usage: tsx bench/workers.ts [kills, 50] [requests at a time, 60]; fails when a request takes longer than a second.
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { startPostgres } from "../test/support/postgres.ts";
import { descendants } from "../test/support/processes.ts";
import { startRedis } from "../test/support/redis.ts";
import { spawnServer } from "../test/support/spawn-server.ts";
import { signToken } from "../test/support/tokens.ts";

const KILLS = Number(process.argv[2] ?? 50);
const AT_A_TIME = Number(process.argv[3] ?? 60);
const MOST_MS = 1000;
/** Beyond this, in milliseconds, a request counts as never answered. */
const GIVEN_UP_MS = 20_000;
const WORKERS = 3;

const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
const server = await spawnServer(
  {
    NODE_ENV: "production",
    LOG_LEVEL: "info",
    WORKERS: String(WORKERS),
    TRANSPORTS: "websocket,polling",
    REDIS_URL: redis.url,
    DATABASE_URL: await postgres.createDatabase(),
    CONNECT_ATTEMPTS_PER_MINUTE: "1000000",
  },
  { built: true },
);
await server.line(/"msg":"listening"/, 60_000); // all of them: a worker that ends before that ends the start
const [port = 0] = server.ports;
const agent = new Agent({ keepAlive: true });
const token = signToken({ sub: "backend", role: "service" });
const took: number[] = [];
const counts = { answered: 0, ended: 0, slow: 0, never: 0 };
let isOver = false;

/** One request of each kind in turns: with a body, of a keep-alive connection, and the handshake of a client that polls. */
function ask(turn: number): Promise<void> {
  const kinds = [
    { method: "GET", path: "/healthz" },
    { method: "POST", path: "/api/v1/system", body: JSON.stringify({ message: "m", level: "info" }) },
    { method: "GET", path: "/socket.io/?EIO=4&transport=polling" },
  ] as const;
  const { method, path, ...rest } = kinds[turn % kinds.length] ?? kinds[0];
  const body = "body" in rest ? rest.body : undefined;
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const began = performance.now();
  return new Promise((resolve) => {
    const settle = (what: "answered" | "ended" | "never") => (): void => {
      clearTimeout(timer);
      const ms = performance.now() - began;
      counts[what] += 1;
      if (ms > MOST_MS) counts.slow += 1;
      took.push(ms);
      resolve();
    };
    const asked = request({ host: "127.0.0.1", port, method, path, headers, agent }, (answer) => {
      answer.resume().on("end", settle("answered")).on("error", settle("ended"));
    });
    asked.on("error", settle("ended")).end(body);
    const timer = setTimeout(() => {
      asked.removeAllListeners("error").on("error", () => undefined);
      asked.destroy();
      settle("never")();
    }, GIVEN_UP_MS);
  });
}

const loops = Array.from({ length: AT_A_TIME }, async (_, line) => {
  for (let turn = line; !isOver; turn++) {
    await ask(turn);
    await sleep(Math.random() * 40);
  }
});
for (let kill = 0; kill < KILLS; kill++) {
  for (;;) {
    const workers = descendants(server.pid);
    const victim = workers[Math.floor(Math.random() * workers.length)];
    if (workers.length === WORKERS && victim !== undefined) {
      process.kill(victim, "SIGKILL");
      break;
    }
    if (!server.isRunning())
      throw new Error(`${JSON.stringify(await server.exited)} ${server.lines.slice(-20).join("\n")}`);
    await sleep(100);
  }
  await sleep(1500); // its successor has begun to serve, or begins at the next kill
}
isOver = true;
await Promise.all(loops);
took.sort((a, b) => a - b);
const at = (part: number): number => Math.round(took[Math.min(took.length - 1, Math.floor(took.length * part))] ?? 0);
console.log(
  JSON.stringify({ kills: KILLS, requests: took.length, ...counts, p50: at(0.5), p99: at(0.99), max: at(1) }),
);
await server.stop();
await Promise.all([redis.stop(), postgres.stop()]);
process.exit(counts.slow > 0 ? 1 : 0);
