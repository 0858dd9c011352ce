// Who may not come in: every bad token, on every namespace and over HTTP, and not one of them in the log.
import { createHmac } from "node:crypto";
import { pino } from "pino";
import type { ManagerOptions, SocketOptions } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { next, startClasswire, type TestServer } from "../support/classwire.ts";
import { keyPair, signToken, TEST_SECRET } from "../support/tokens.ts";
import { openWire } from "../support/wire.ts";

const NAMESPACES = ["/dashboard", "/channels", "/study-time"];
const rsa = keyPair("RS256");
const log: string[] = [];
const sent: string[] = [];
let secret: TestServer;
let publicKey: TestServer;
beforeAll(async () => {
  const logger = pino({ level: "trace" }, { write: (line: string) => void log.push(line) });
  const env = { CONNECT_ATTEMPTS_PER_MINUTE: "100000", JWT_ISSUER: "school", JWT_AUDIENCE: "classwire" };
  secret = await startClasswire({ ...env, LOG_LEVEL: "trace" }, { logger });
  publicKey = await startClasswire({ ...env, JWT_SECRET: "", JWT_PUBLIC_KEY: rsa.publicKey }, { logger });
});
afterAll(async () => {
  await Promise.all([secret.close(), publicKey.close()]);
  expect(log.length).toBeGreaterThan(0);
  expect(sent.length).toBeGreaterThan(20);
  // Neither a whole token nor its signature or payload.
  const parts = new Set(
    sent.flatMap((token) => [token, ...token.split(".").slice(1)]).filter((part) => part.length > 20),
  );
  const text = log.join("");
  expect([...parts].filter((part) => text.includes(part))).toEqual([]);
});

const claims = { sub: "5", iss: "school", aud: "classwire" };
const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const inAnHour = Math.floor(Date.now() / 1000) + 3600;

/** A token signed with HMAC by hand, with any header, payload and key. */
function handmade(header: object, payload: unknown, key = TEST_SECRET): string {
  const text = `${b64(header)}.${b64(payload)}`;
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
}

const BAD: readonly [why: string, code: string, token: string][] = [
  ["is none", "INVALID_TOKEN", "no-token-at-all"],
  ["has alg none", "INVALID_TOKEN", `${b64({ alg: "none", typ: "JWT" })}.${b64({ ...claims, exp: inAnHour })}.`],
  ["is signed with another key", "INVALID_TOKEN", signToken(claims, { key: "another secret of at least 32 bytes" })],
  ["is signed with HS512", "INVALID_TOKEN", signToken(claims, { alg: "HS512" })],
  ["is signed with RS256", "INVALID_TOKEN", signToken(claims, { alg: "RS256", key: rsa.privateKey })],
  ["is meant for others", "INVALID_TOKEN", signToken({ ...claims, aud: "somebody else" })],
  ["comes from others", "INVALID_TOKEN", signToken({ ...claims, iss: "somebody else" })],
  ["is not valid yet", "INVALID_TOKEN", signToken({ ...claims, nbf: inAnHour })],
  ["has expired", "TOKEN_EXPIRED", signToken(claims, { expiresIn: -5 })],
  ["never expires", "INVALID_TOKEN", signToken(claims, { expiresIn: null })],
  ["asks for an unknown crit", "INVALID_TOKEN", signToken(claims, { header: { crit: ["x"], x: 1 } })],
  ["is over 4 KB", "INVALID_TOKEN", signToken({ ...claims, padding: "x".repeat(4096) })],
  ["is an array", "INVALID_TOKEN", handmade({ alg: "HS256" }, [{ ...claims, exp: inAnHour }])],
  ["names nobody", "INVALID_TOKEN", signToken({ iss: "school", aud: "classwire" })],
];

/** What a client is told that may not come in. */
async function refusal(server: TestServer, namespace: string, options: Partial<ManagerOptions & SocketOptions>) {
  const socket = server.connect(namespace, undefined, {
    ...options,
    auth: { courseId: "go", ...(options.auth as object) },
  });
  const [error] = await next(socket, "connect_error");
  const { retryAfter, ...data } = error.data;
  expect(data).toEqual({ code: expect.any(String), message: error.message });
  expect(Number.isInteger(retryAfter)).toBe(data.code === "RATE_LIMIT");
  socket.close();
  return error.data.code;
}

describe("a token that", () => {
  it.each(BAD)("%s is refused with %s everywhere", async (_why, code, token) => {
    sent.push(token);
    for (const namespace of NAMESPACES) {
      expect(await refusal(secret, namespace, { auth: { token } })).toBe(code);
      expect(await refusal(secret, namespace, { extraHeaders: { authorization: `Bearer ${token}` } })).toBe(code);
      expect(await refusal(secret, namespace, { query: { token }, transports: ["polling"] })).toBe(code);
    }
    const { status, body } = await secret.call("GET", "/api/v1/dashboard/5", undefined, token);
    expect([status, body.error.code]).toEqual([401, code]);
  });

  it("was signed by HMAC with the public key is refused", async () => {
    const token = handmade({ alg: "HS256", typ: "JWT" }, { ...claims, exp: inAnHour }, rsa.publicKey);
    sent.push(token);
    for (const namespace of NAMESPACES)
      expect(await refusal(publicKey, namespace, { auth: { token } })).toBe("INVALID_TOKEN");
    expect((await publicKey.call("GET", "/api/v1/dashboard/5", undefined, token)).status).toBe(401);
    const good = signToken(claims, { alg: "RS256", key: rsa.privateKey });
    sent.push(good);
    await next(publicKey.connect("/channels", good), "connected");
  });

  it.each([7, {}, ["a", "b"], true])("is no string but %j is refused", async (token) => {
    for (const namespace of NAMESPACES)
      expect(await refusal(secret, namespace, { auth: { token } })).toBe("INVALID_TOKEN");
  });

  it("is missing or empty is no token", async () => {
    for (const namespace of NAMESPACES)
      for (const auth of [{}, { token: "" }, { token: null }])
        expect(await refusal(secret, namespace, { auth })).toBe("AUTH_FAILED");
    expect((await fetch(`${secret.url}/api/v1/dashboard/5`)).status).toBe(401);
  });

  it("is good lets in, from wherever it comes, and auth.token goes before the others", async () => {
    const good = signToken(claims);
    const bad = signToken(claims, { expiresIn: -5 });
    sent.push(good, bad);
    for (const options of [
      { auth: { token: good }, query: { token: bad }, extraHeaders: { authorization: `Bearer ${bad}` } },
      { query: { token: bad }, extraHeaders: { authorization: `Bearer ${good}` } },
      { query: { token: good } },
    ]) {
      const [{ userId }] = await next(secret.connect("/channels", undefined, options), "connected");
      expect(userId).toBe("5");
    }
  });
});

describe("a user that does not match", () => {
  it("is refused where the query names another, and where it names two", async () => {
    const token = signToken(claims);
    sent.push(token);
    for (const namespace of NAMESPACES)
      expect(await refusal(secret, namespace, { auth: { token }, query: { userId: "6" } })).toBe("AUTH_FAILED");
    for (const query of ["&userId=5&userId=5", "&token=a&token=b"]) {
      const wire = await openWire(secret.url, { query });
      wire.send(`0/channels,${JSON.stringify({ token })}`);
      expect(await wire.packet(/^44\/channels/)).toContain('"code":"INVALID_MESSAGE"');
      wire.ws.close();
    }
  });
});

it("the default namespace lets nobody in", async () => {
  const token = signToken(claims);
  sent.push(token);
  expect(await refusal(secret, "/", { auth: { token } })).toBe("FORBIDDEN");
  const [error] = await next(secret.connect("/no-such-namespace", token), "connect_error");
  expect(error.message).toBe("Invalid namespace");
});

it("too many bad tokens from one address are not even looked at", async () => {
  const server = await startClasswire({ CONNECT_ATTEMPTS_PER_MINUTE: "3", DASHBOARD_ATTEMPTS_PER_MINUTE: "100" });
  const token = signToken("5", { key: "another secret of at least 32 bytes" });
  sent.push(token);
  for (const code of ["INVALID_TOKEN", "INVALID_TOKEN", "INVALID_TOKEN", "RATE_LIMIT", "RATE_LIMIT"])
    expect(await refusal(server, "/dashboard", { auth: { token } })).toBe(code);
  await next(server.connect("/dashboard", "5"), "connected");
  await server.close();
});
