// Connections against the real server: tokens that end, servers that go, refusals that are respected.
import { expect, test } from "vitest";
import { freePort } from "../../scripts/free-ports.mjs";
import { createClient } from "../../src/client/index.ts";
import { eventually } from "../support/eventually.ts";
import { signToken } from "../support/tokens.ts";
import { filled, reaches, startWorld } from "./world.ts";

const world = startWorld();

test("a token that is about to end is renewed without a new connection", async () => {
  const user = world.user();
  let fetched = 0;
  const client = world.client(user, { token: () => signToken(user, { expiresIn: ++fetched === 1 ? 3 : 600 }) });
  const disconnects: unknown[] = [];
  const dashboard = client.dashboard();
  const channels = client.channels();
  dashboard.on("disconnected", (report) => disconnects.push(report));
  channels.on("disconnected", (report) => disconnects.push(report));
  await Promise.all([reaches(dashboard, "connected"), reaches(channels, "connected")]);
  await eventually(() => fetched === 2);
  const afterTheFirstEnded = Date.now() + 4000;
  await eventually(() => Date.now() > afterTheFirstEnded);
  await dashboard.snapshot();
  await channels.presence({ users: [] });
  expect(disconnects).toEqual([]);
});

test("a token that lives longer than one timer can wait (24.8 days) is not renewed", async () => {
  const user = world.user();
  let fetched = 0;
  const token = (): string => {
    fetched++;
    return signToken(user, { expiresIn: 30 * 24 * 3600 });
  };
  const channels = world.client(user, { token }).channels();
  await reaches(channels, "connected");
  await channels.presence({ users: [] });
  await channels.presence({ users: [] });
  expect(fetched).toBe(1);
});

test("a token that ended is replaced, and the connection comes back", async () => {
  const user = world.user();
  let issued = 0;
  // The source hands out the ended token once more, as a cache would, before it has a new one.
  const ended = signToken(user, { expiresIn: 4 });
  const client = world.client(user, { token: () => (++issued <= 2 ? ended : signToken(user)) });
  const channels = client.channels();
  const retries: string[] = [];
  channels.on("retrying", ({ error }) => retries.push(error.code));
  const connects: unknown[] = [];
  channels.on("connected", () => connects.push(1));
  await filled(connects, 2);
  await reaches(channels, "connected");
  expect(new Set(retries)).toEqual(new Set(["TOKEN_EXPIRED"]));
});

test("a fixed token that ends is the end", async () => {
  const user = world.user();
  const channels = world.client(user, { token: signToken(user, { expiresIn: 2 }) }).channels();
  const ends: unknown[] = [];
  channels.on("closed", ({ error }) => ends.push(error?.code));
  await filled(ends, 1);
  expect(ends).toEqual(["TOKEN_EXPIRED"]);
});

test.each([
  ["a token of another key", signToken("1", { key: "x".repeat(40) }), "INVALID_TOKEN"],
  ["something that is no token", "nonsense", "INVALID_TOKEN"],
  ["an ended token", signToken("1", { expiresIn: -10 }), "TOKEN_EXPIRED"],
])("%s is refused once, and the server is left alone", async (_what, token, code) => {
  const before = world.line.connections;
  const channels = world.client("1", { token }).channels();
  const ends: unknown[] = [];
  channels.on("closed", ({ error }) => ends.push(error?.code));
  await filled(ends, 1);
  expect(ends).toEqual([code]);
  expect(world.line.connections - before).toBeLessThanOrEqual(1);
  await expect(channels.subscribe("notifications/1")).rejects.toMatchObject({ code: "CLOSED" });
});

test("a source that keeps giving refused tokens is asked a few times only", async () => {
  let fetched = 0;
  const token = () => signToken("1", { key: "y".repeat(40), expiresIn: 1000 + ++fetched });
  const channels = world.client("1", { token }).channels();
  const ends: unknown[] = [];
  channels.on("closed", ({ error }) => ends.push(error?.code));
  await filled(ends, 1);
  expect(ends).toEqual(["INVALID_TOKEN"]);
  expect(fetched).toBeLessThanOrEqual(5);
});

test("a source that fails for a while is waited for", async () => {
  const user = world.user();
  let failures = 3;
  const token = () => {
    if (failures-- > 0) throw new Error("the login service is away");
    return signToken(user);
  };
  const channels = world.client(user, { token }).channels();
  const retries: string[] = [];
  channels.on("retrying", ({ error }) => retries.push(error.message));
  await reaches(channels, "connected");
  expect(retries).toEqual(Array(3).fill("the login service is away"));
});

test("at a limit it comes again by itself, no sooner than the server said", async () => {
  const user = world.user();
  const others = Array.from({ length: 5 }, () => world.client(user));
  await Promise.all(others.map((other) => reaches(other.channels(), "connected")));
  const channels = world.client(user).channels();
  const retries: { code: string; retryAfterMs: number | undefined; delayMs: number }[] = [];
  channels.on("retrying", ({ error: { code, retryAfterMs }, delayMs }) =>
    retries.push({ code, retryAfterMs, delayMs }),
  );
  await filled(retries, 1);
  expect(retries).toEqual([{ code: "RATE_LIMIT", retryAfterMs: 10_000, delayMs: expect.any(Number) }]);
  expect(retries[0]?.delayMs).toBeGreaterThanOrEqual(10_000);
  await others[0]?.close();
  await reaches(channels, "connected");
});

test("dashboard and channels share one connection", async () => {
  const client = world.client(world.user());
  const before = world.line.connections;
  await Promise.all([reaches(client.dashboard(), "connected"), reaches(client.channels(), "connected")]);
  expect(world.line.connections - before).toBe(1);
});

test("without a server it keeps trying, ever more slowly, and requests fail in time", async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const client = createClient({
    url,
    token: signToken("1"),
    backoff: { first: 10, longest: 1000 },
    timeoutMs: 300,
  });
  const channels = client.channels();
  const waits: number[] = [];
  channels.on("retrying", ({ error, delayMs }) => {
    expect(error.code).toBe("UNREACHABLE");
    waits.push(delayMs);
  });
  await expect(channels.sendToUser("2", { text: "handshake" })).rejects.toMatchObject({ code: "TIMEOUT" });
  await filled(waits, 6);
  expect(Math.max(...waits.slice(4))).toBeGreaterThan(Math.max(...waits.slice(0, 2)));
  await client.close();
  const tried = waits.length;
  expect(channels.state).toBe("closed");
  expect(waits).toHaveLength(tried);
});

test("a user who was disconnected by the platform comes back; one whose tokens were revoked does not", async () => {
  const user = world.user();
  const channels = world.client(user, { token: signToken({ sub: user, iat: 1_700_000_000 }) }).channels();
  const ends: unknown[] = [];
  const connects: unknown[] = [];
  channels.on("connected", () => connects.push(1));
  channels.on("closed", ({ error }) => ends.push(error?.code));
  await reaches(channels, "connected");
  await world.backend.disconnectUser(user);
  await filled(connects, 2);
  const revoked = await fetch(`${world.server.url}/api/v1/revocations`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${signToken({ sub: "1", role: "service" })}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ userId: user }),
  });
  expect(revoked.status).toBe(201);
  await filled(ends, 1);
  expect(ends).toEqual(["INVALID_TOKEN"]);
});
