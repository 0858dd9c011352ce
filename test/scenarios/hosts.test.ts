// A page whose name was made to resolve to this machine (DNS rebinding): no door answers under its name.
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startClasswire, type TestServer } from "../support/classwire.ts";
import { refusedUpgrade } from "../support/raw-client.ts";

const PATHS = [
  ["/healthz", "the API"],
  ["/api/ws/status", "the API"],
  ["/metrics", "the figures"],
  ["/docs", "the documentation"],
  ["/openapi.json", "the documentation"],
  ["/", "the console"],
  ["/console/main.js", "the console"],
  ["/console/tokens.json", "the tokens"],
  ["/console/calls.json", "the console"],
  ["/socket.io/?EIO=4&transport=polling", "Socket.IO"],
] as const;
const UPGRADES = [
  "/socket.io/?EIO=4&transport=websocket",
  "/api/v1/ws/dashboard?token=t",
  "/?token=t",
  "/ws?token=t",
  "/api/study-time?userId=7&courseId=go",
  "/api/ws/connect?user_id=7",
];
const REFUSAL = "the name in Host is not allowed here: it must be one of ALLOWED_HOSTS";

let development: TestServer;
let listed: TestServer;
let production: TestServer;
beforeAll(async () => {
  development = await startClasswire();
  listed = await startClasswire({ ALLOWED_HOSTS: "school.example" });
  production = await startClasswire({ NODE_ENV: "production", HOST: "127.0.0.1", CONSOLE: "true" });
});
afterAll(() => Promise.all([development.close(), listed.close(), production.close()]));

/** Calls a server by a name of one's own, as a browser does to which the name resolves so. */
function get(
  server: TestServer,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(server.url + path, { headers }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        body += part;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    });
    call.on("error", reject).end();
  });
}

const asWebSocket = (server: TestServer): string => server.url.replace("http", "ws");

describe("in development", () => {
  it.each(PATHS)("%s (%s) answers a foreign name 403 and says why", async (path) => {
    for (const host of ["evil.example", "evil.example:8080", "localhost.evil.example"]) {
      const { status, body } = await get(development, path, { host });
      expect([status, body]).toEqual([403, expect.stringContaining(REFUSAL)]);
    }
    for (const host of ["localhost", "app.localhost:5173", "127.0.0.1"])
      expect((await get(development, path, { host })).status).not.toBe(403);
  });

  it.each(UPGRADES)(
    "an upgrade of %s is refused under a foreign name, with its page's origin and without",
    async (path) => {
      for (const headers of [{ host: "evil.example" }, { host: "evil.example", origin: "http://evil.example" }]) {
        const refusal = await refusedUpgrade(asWebSocket(development) + path, { headers });
        expect(refusal).toMatchObject({ status: 403, body: JSON.stringify({ error: REFUSAL }) });
      }
    },
  );

  it("preflights of foreign names get no leave", async () => {
    const { status } = await get(development, "/api/v1/progress", {
      host: "evil.example",
      origin: "http://evil.example",
    });
    expect(status).toBe(403);
  });

  it("what ALLOWED_HOSTS names is answered", async () => {
    for (const [path] of PATHS) {
      expect((await get(listed, path, { host: "school.example" })).status).not.toBe(403);
      expect((await get(listed, path, { host: "evil.example" })).status).toBe(403);
    }
  });

  it("tokens are for this machine, not for those behind a proxy on it", async () => {
    for (const forwarded of [{ "x-forwarded-for": "203.0.113.7" }, { forwarded: "for=203.0.113.7" }]) {
      const { status, body } = await get(development, "/console/tokens.json", { host: "localhost", ...forwarded });
      expect([status, JSON.parse(body).error.message]).toEqual([403, "tokens are given to this machine only"]);
    }
    const { body } = await get(development, "/console/tokens.json", { host: "localhost" });
    expect(JSON.parse(body).tokens).toHaveLength(3);
  });
});

describe("in production without ALLOWED_HOSTS", () => {
  it.each(PATHS)("%s (%s) is answered under any name, as balancers use them", async (path) => {
    expect((await get(production, path, { host: "any.example" })).status).not.toBe(403);
  });
});
