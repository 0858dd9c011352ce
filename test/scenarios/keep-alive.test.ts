// HTTP connections between two calls: kept for longer than balancers keep theirs, by every process that serves.
import { Agent, get, type IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { startClasswire } from "../support/classwire.ts";
import { type Redis, startRedis } from "../support/redis.ts";
import { createDatabase } from "../support/shared.ts";
import { type SpawnedServer, spawnServer } from "../support/spawn-server.ts";

/** Two calls, one after the other, on whatever connection the agent keeps. */
async function callTwice(url: string): Promise<readonly IncomingMessage[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const call = () =>
    new Promise<IncomingMessage>((resolve, reject) => {
      get(`${url}/healthz`, { agent }, (response) => {
        response.resume().on("end", () => resolve(response));
      }).on("error", reject);
    });
  return [await call(), await call()];
}

function expectKept([first, second]: readonly IncomingMessage[]): void {
  for (const response of [first, second]) {
    expect(response?.headers).toMatchObject({ connection: "keep-alive", "keep-alive": "timeout=75" });
  }
  expect(second?.socket).toBe(first?.socket);
}

it("one process keeps them for 75 s, and when it drains for no further call", async () => {
  const server = await startClasswire();
  onTestFinished(() => server.close());
  expect(server.classwire.server.keepAliveTimeout).toBe(75_000);
  expectKept(await callTwice(server.url));
  server.classwire.drain();
  const [first, second] = await callTwice(server.url);
  expect(first?.headers.connection).toBe("close");
  expect(second?.socket).not.toBe(first?.socket);
});

describe("two workers", () => {
  let redis: Redis;
  let database: string;
  beforeAll(async () => {
    [redis, database] = await Promise.all([startRedis(), createDatabase()]);
  });
  afterAll(() => redis.stop());

  const start = async (transports: string): Promise<SpawnedServer> => {
    const env = { DATABASE_URL: database, REDIS_URL: redis.url, WORKERS: "2", TRANSPORTS: transports };
    const server = await spawnServer(env);
    onTestFinished(async () => void (await server.stop()));
    return server;
  };

  it("do as well", async () => {
    const server = await start("websocket");
    for (let connection = 0; connection < 4; connection++) expectKept(await callTwice(server.url));
  });

  it("with polling say that they close each: the next call may be for the other worker", async () => {
    const server = await start("websocket,polling");
    const [first, second] = await callTwice(server.url);
    expect([first?.headers.connection, second?.headers.connection]).toEqual(["close", "close"]);
  });
});
