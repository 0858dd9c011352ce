// Who may call: tokens, roles, trusted networks, bad tokens too often, and pages of other origins.
import type { IncomingMessage } from "node:http";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createLocalCheck } from "../../src/http/access.ts";
import { signToken } from "../support/tokens.ts";
import { type Api, type ApiOptions, startApi, TOKENS } from "./api.ts";

let api: Api;
beforeAll(async () => {
  api = await startApi({ origins: ["https://school.example"] });
});
afterAll(() => api.close());

async function another(options: ApiOptions): Promise<Api> {
  const started = await startApi(options);
  onTestFinished(() => started.close());
  return started;
}

describe("tokens", () => {
  it.each([
    ["none", null, "AUTH_FAILED", "Bearer"],
    ["an expired one", signToken("1", { expiresIn: -10 }), "TOKEN_EXPIRED", 'Bearer error="invalid_token"'],
    ["one of another key", signToken("1", { key: "x".repeat(32) }), "INVALID_TOKEN", 'Bearer error="invalid_token"'],
    ["nonsense", "nonsense", "INVALID_TOKEN", 'Bearer error="invalid_token"'],
  ])("%s: 401", async (_what, as, code, challenge) => {
    const answer = await api.get("/api/v1/study-time/1", { as });
    expect([answer.status, answer.body.error.code]).toEqual([401, code]);
    expect(answer.headers.get("www-authenticate")).toBe(challenge);
  });

  it.each(["Basic abc", "Bearer", "Bearer a b", ""])(
    "in a header like %j are not understood",
    async (Authorization) => {
      const answer = await api.get("/api/v1/study-time/1", { as: null, headers: { Authorization } });
      expect([answer.status, answer.body.error.code]).toEqual([401, "AUTH_FAILED"]);
    },
  );

  it("in the query are not looked at", async () => {
    expect((await api.get(`/api/v1/study-time/1?token=${TOKENS.service}`, { as: null })).status).toBe(401);
  });

  it("are checked before the body is read", async () => {
    const answer = await api.fetch("/api/v1/batch", { method: "POST", body: "x".repeat(1_000_000) });
    expect(answer.status).toBe(401);
  });
});

describe("roles", () => {
  it("service and admin may, users may not", async () => {
    for (const as of [TOKENS.service, TOKENS.admin]) {
      expect((await api.post("/api/v1/disconnect", { userId: "1" }, { as })).status).toBe(202);
    }
    for (const path of ["/api/v1/disconnect", "/api/v1/batch", "/api/ws/send", "/api/v1/notifications"]) {
      const answer = await api.post(path, {}, { as: TOKENS.user("1") });
      expect([path, answer.status, answer.body.error.code]).toEqual([path, 403, "FORBIDDEN"]);
    }
  });
});

describe("bad tokens", () => {
  it("are refused with a time to come back after too many from one address; good ones go on", async () => {
    const badTokens = { ...api.dependencies.limits.badTokens, points: 3 };
    const node = await another({ limits: { badTokens } });
    const path = "/api/v1/study-time/1";
    const statuses = [];
    for (let count = 0; count < 4; count++) statuses.push((await node.get(path, { as: "bad" })).status);
    expect(statuses).toEqual([401, 401, 401, 429]);
    const refused = await node.get(path, { as: "bad" });
    expect(refused.body.error.code).toBe("RATE_LIMIT");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(60);
    expect((await node.get(path)).status).toBe(200);
    // Neither without a token nor with an expired one has anybody guessed.
    expect((await node.get(path, { as: null })).status).toBe(401);
    expect((await node.get(path, { as: signToken("1", { expiresIn: -10 }) })).body.error.code).toBe("TOKEN_EXPIRED");
  });
});

it.each([
  ["127.0.0.1", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["192.168.1.7", false],
  ["::ffff:192.168.1.7", false],
  [undefined, false],
])("a caller at %s is this machine: %s, whatever Host it writes", (remoteAddress, local) => {
  const call = { headers: { host: "localhost" }, socket: { remoteAddress } } as IncomingMessage;
  expect(createLocalCheck()(call)).toBe(local);
});

describe("trusted networks", () => {
  const loopback = [{ address: "127.0.0.0", prefix: 8, family: "ipv4" }] as const;
  const elsewhere = [{ address: "10.0.0.0", prefix: 8, family: "ipv4" }] as const;

  it("need no token for /api/ws/*, and for nothing else", async () => {
    const node = await another({ trustedCidrs: loopback });
    expect((await node.get("/api/ws/status", { as: null })).status).toBe(200);
    const sent = await node.post("/api/ws/broadcast", { type: "t", content: 1 }, { as: null, key: "k" });
    expect(sent.status).toBe(202);
    expect((await node.post("/api/v1/system", { message: "m", level: "info" }, { as: null })).status).toBe(401);
    // A token that is given is looked at.
    expect((await node.get("/api/ws/status", { as: "bad" })).status).toBe(401);
    expect((await node.get("/api/ws/status", { as: TOKENS.user("1") })).status).toBe(403);
  });

  it("are those of the connection, not of a header", async () => {
    const node = await another({ trustedCidrs: elsewhere });
    const headers = { "X-Forwarded-For": "10.0.0.1", Forwarded: "for=10.0.0.1" };
    expect((await node.get("/api/ws/status", { as: null, headers })).status).toBe(401);
  });

  it("do not make a page in a browser trusted", async () => {
    const node = await another({ trustedCidrs: loopback });
    const headers = { Origin: "https://evil.example" };
    expect((await node.post("/api/ws/broadcast", { type: "t", content: 1 }, { as: null, headers })).status).toBe(401);
  });
});

describe("pages", () => {
  const preflight = (Origin: string) =>
    api.fetch("/api/v1/progress", {
      method: "OPTIONS",
      headers: { Origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization" },
    });

  it("of allowed origins may call and read", async () => {
    const asked = await preflight("https://school.example");
    expect([asked.status, asked.text]).toEqual([204, ""]);
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      "access-control-allow-origin": "https://school.example",
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "Authorization, Content-Type, Idempotency-Key",
      vary: "Origin",
    });
    const called = await api.get("/api/v1/study-time/1", { headers: { Origin: "https://school.example" } });
    expect(called.headers.get("access-control-allow-origin")).toBe("https://school.example");
    const refused = await api.get("/api/v1/study-time/1", { as: null, headers: { Origin: "https://school.example" } });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([
      401,
      "https://school.example",
    ]);
  });

  it("of others get no leave", async () => {
    const asked = await preflight("https://evil.example");
    expect(asked.headers.get("access-control-allow-origin")).toBeNull();
    expect(asked.headers.get("access-control-allow-methods")).toBeNull();
    const called = await api.get("/api/v1/study-time/1", { headers: { Origin: "https://evil.example" } });
    expect(called.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("cannot frame, guess or keep answers", async () => {
    for (const path of ["/healthz", "/api/v1/nothing", "/api/v1/progress"]) {
      const { headers } = await api.get(path);
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(headers.get("etag")).toBeNull();
    }
  });
});
