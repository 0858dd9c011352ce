// The backends of the examples, in every language that this machine has: clients of two kinds hear each of them.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Socket } from "socket.io-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startChild } from "../support/child.ts";
import { connectTo } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { type Inbox, inboxOf } from "../support/inbox.ts";
import { type Client, connect, type Frame } from "../support/raw-client.ts";
import { type Redis, startRedis } from "../support/redis.ts";
import { createDatabase } from "../support/shared.ts";
import { root } from "../support/source-files.ts";
import { type SpawnedServer, spawnServer } from "../support/spawn-server.ts";
import { signToken } from "../support/tokens.ts";

const USER = "7201";
let redis: Redis;
let server: SpawnedServer;
let socket: Socket;
let heard: Inbox;
let raw: Client;

beforeAll(async () => {
  redis = await startRedis();
  server = await spawnServer({ REDIS_URL: redis.url, DATABASE_URL: await createDatabase(), LOG_LEVEL: "warn" });
  socket = connectTo(server.url, "/channels", USER, { uncheckedEvents: ["system"] }); // foreign emitters say what they like
  heard = inboxOf(socket);
  raw = await connect(`${server.url.replace("http", "ws")}/ws?token=${signToken(USER)}`);
  raw.send({ type: "ping", content: null, timestamp: 0 });
  await heard.wait("connected");
  await eventually(() => raw.frames.some(({ type }) => type === "pong"));
}, 120_000);
afterAll(async () => {
  socket?.close();
  raw?.ws.close();
  await server?.stop();
  await redis?.stop();
});

/** The languages that are here. A missing one is named: the examples need no toolchain to be read. */
const languages = [
  { language: "Python", command: ["python3", "client-examples/emitter/python/emit.py"], check: ["--version"] },
  { language: "Go", command: ["go", "run", "client-examples/emitter/go/emit.go"], check: ["version"] },
].filter(({ language, command: [program = ""], check }) => {
  const isHere = spawnSync(program, check).status === 0;
  if (!isHere) console.warn(`not run: the ${language} example, because there is no ${program} on this machine`);
  return isHere;
});

for (const { language, command } of languages) {
  test(`${language}: one system message, every kind of value, heard by Socket.IO and raw clients`, async () => {
    const payload = {
      message: `来自 ${language} 😀 ${"long ".repeat(70)}`,
      level: "info",
      code: 70_000,
      extra: { negative: -5, small: -1000, float: 1.5, yes: true, no: false, nothing: null },
      many: Array.from({ length: 20 }, (_, n) => n),
    };
    const [program = "", ...args] = command;
    const child = startChild(program, [...args, "/channels", `user:${USER}`, "system", JSON.stringify(payload)], {
      cwd: root,
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], REDIS_URL: redis.url },
    });
    await child.line(/^system went to 1 node\(s\)$/, 60_000);
    expect((await child.exited).code).toBe(0);
    const got = await eventually(() => heard.payloads("system").find(({ message }) => message === payload.message));
    expect(got).toEqual(payload);
    const frame = await eventually(() => raw.frames.map(contentOf).find(({ message }) => message === payload.message));
    expect(frame).toEqual({ message: payload.message, level: "info", code: 70_000 });
  }, 90_000);

  test(`${language}: without Redis it says so and fails`, async () => {
    const [program = "", ...args] = command;
    const child = startChild(program, [...args, "/channels", "", "system", "{}"], {
      cwd: root,
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], REDIS_URL: "redis://127.0.0.1:1" },
    });
    expect((await child.exited).code).not.toBe(0);
    expect(child.lines.join("\n")).toMatch(/refused/i);
  }, 60_000);
}

test("TypeScript: live and durable sends together", async () => {
  const child = startChild(
    process.execPath,
    [join(root, "node_modules/tsx/dist/cli.mjs"), "client-examples/emitter/ts/emit.ts", USER],
    {
      cwd: root,
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        REDIS_URL: redis.url,
        CLASSWIRE_URL: server.url,
        TOKEN: signToken({ sub: "1", role: "service" }),
      },
    },
  );
  await child.line(/^notification 1 is kept; the user is online$/, 60_000);
  expect((await child.exited).code).toBe(0);
  await heard.wait("order_status");
  await eventually(() =>
    raw.frames.some((frame) => frame["type"] === "notification" && contentOf(frame)["title"] === "Graded"),
  );
  expect(child.lines).toHaveLength(1);
}, 90_000);

/** What a frame says; nothing when it says nothing. */
function contentOf(frame: Frame): Record<string, unknown> {
  return (frame["content"] ?? {}) as Record<string, unknown>;
}
