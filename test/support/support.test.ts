// The tools of the tests do what other tests rely on: real servers that can be frozen, crashed and started again.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { Client } from "pg";
import { createClient } from "redis";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePorts } from "../../scripts/free-ports.mjs";
import { startBrowser } from "./browser.ts";
import { startChild } from "./child.ts";
import { eventually } from "./eventually.ts";
import { startPostgres } from "./postgres.ts";
import { descendants } from "./processes.ts";
import { startRedis } from "./redis.ts";
import { createDatabase, sharedRedis } from "./shared.ts";
import { keyPair, signToken } from "./tokens.ts";

/** Runs one statement on a connection of its own. */
async function run(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url, query_timeout: 1000, connectionTimeoutMillis: 1000 });
  client.on("error", () => undefined); // the crash of the server is part of the test
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe("a private Redis", () => {
  it("freezes, goes on, and comes back empty on the same port", async () => {
    const redis = await startRedis();
    onTestFinished(redis.stop);
    const client = createClient({ url: redis.url, socket: { reconnectStrategy: 50 } });
    client.on("error", () => undefined); // it goes away on purpose
    await client.connect();
    onTestFinished(() => client.destroy());
    await client.set("a", "1");

    redis.pause();
    let answered = false;
    const answer = client.get("a").finally(() => {
      answered = true;
    });
    await expect(eventually(() => answered, { timeoutMs: 300 })).rejects.toThrow("did not hold");
    redis.resume();
    expect(await answer).toBe("1");

    await redis.restart();
    expect(await eventually(() => client.get("a").then((value) => ({ value })))).toEqual({ value: null });
  });
});

describe("a private PostgreSQL", () => {
  it("keeps what was committed through a crash, and freezes with its sessions", async () => {
    const postgres = await startPostgres();
    onTestFinished(postgres.stop);
    const [url, other] = [await postgres.createDatabase(), await postgres.createDatabase()];
    expect(url).not.toBe(other);
    await run(url, "create table t (n int); insert into t values (7)");

    await postgres.crash();
    await expect(run(url, "select n from t")).rejects.toThrow();
    await postgres.start();
    expect(await run(url, "select n from t")).toEqual([{ n: 7 }]);
    expect(await run(url, "show fsync")).toEqual([{ fsync: "on" }]);

    postgres.pause();
    await expect(run(url, "select n from t")).rejects.toThrow(/timeout/i);
    postgres.resume();
    expect(await run(url, "select n from t")).toEqual([{ n: 7 }]);
  });
});

describe("what a run shares", () => {
  it("is one Redis, and a database for each that asks", async () => {
    const client = await createClient({ url: await sharedRedis() }).connect();
    onTestFinished(() => client.destroy());
    expect(await client.ping()).toBe("PONG");
    expect(await sharedRedis()).toBe(await sharedRedis());
    const [mine, yours] = await Promise.all([createDatabase(), createDatabase()]);
    await run(mine, "create table only_mine ()");
    await expect(run(yours, "select * from only_mine")).rejects.toThrow("does not exist");
  });
});

describe("a child", () => {
  it("has its output, its exit and its own children", async () => {
    const child = startChild("sh", ["-c", "echo out; echo err >&2; sleep 60 & wait; exit 3"]);
    onTestFinished(() => child.kill("SIGKILL"));
    await child.line(/^out$/);
    await child.line(/^err$/);
    const [sleeper = 0] = await eventually(() => descendants(child.pid).length === 1 && descendants(child.pid));
    expect(child.isRunning()).toBe(true);
    process.kill(sleeper);
    expect(await child.exited).toEqual({ code: 3, signal: null });
    expect([...child.lines].sort()).toEqual(["err", "out"]);
  });

  it("that ends before it is ready is reported with its last words", async () => {
    const child = startChild("sh", ["-c", "echo the port is taken; exit 1"]);
    await expect(child.until(async () => false)).rejects.toThrow(/ended \(1\) before it was ready:\nthe port is taken/);
  });

  it("that cannot be started is reported too", async () => {
    await expect(startChild("/nowhere/program", []).until(async () => false)).rejects.toThrow(/before it was ready/);
  });
});

it("a browser shows a page", async () => {
  const browser = await startBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.setContent("<h1>课堂</h1>");
  expect(await page.textContent("h1")).toBe("课堂");
});

it("free ports are all different, and no other process is given them", async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  for (const port of ports) {
    const taken = once(createSocket("udp4").bind(port, "127.0.0.1"), "listening");
    await expect(taken).rejects.toMatchObject({ code: "EADDRINUSE" });
  }
});

describe("eventually", () => {
  it("returns what the condition returned once it holds", async () => {
    let asked = 0;
    expect(await eventually(() => ++asked > 3 && `asked ${asked} times`, { everyMs: 1 })).toBe("asked 4 times");
  });

  it("fails with the condition's own last error", async () => {
    const never = () => expect(1).toBe(2);
    await expect(eventually(never, { timeoutMs: 20, everyMs: 5 })).rejects.toThrow("expected 1 to be 2");
  });
});

it("tokens are signed as asked", () => {
  const parts = (token: string) =>
    token
      .split(".")
      .slice(0, 2)
      .map((part) => JSON.parse(atob(part)));
  const { privateKey } = keyPair("ES256");
  expect(parts(signToken("7", { expiresIn: null }))).toMatchObject([{ alg: "HS256" }, { sub: "7" }]);
  expect(parts(signToken({ id: 7, role: "admin" }, { alg: "ES256", key: privateKey }))).toMatchObject([
    { alg: "ES256" },
    { id: 7, role: "admin", exp: expect.any(Number) },
  ]);
  expect(signToken("7", { alg: "none" })).toMatch(/\.$/);
});
