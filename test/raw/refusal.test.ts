// Connections that are turned away: the form of each dialect, and what becomes of an admission that nobody uses.
import { connect as connectTcp } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { connect, refusedUpgrade } from "../support/raw-client.ts";
import { type Rig, type RigOptions, startRig } from "./support/rig.ts";

let rig: Rig;
const start = async (options?: RigOptions) => {
  rig = await startRig(options);
};
afterEach(() => rig.close());

describe("a refusal by frame", () => {
  it.each([
    ["/api/v1/ws/dashboard?token=bad", { type: "error", code: "INVALID_TOKEN", message: "the token is not valid" }],
    ["/?token=bad", { type: "error", message: "the token is not valid" }],
    ["/", { type: "error", message: "认证失败，请重新登录" }],
    ["/?token=1&token=2", { type: "error", message: "Invalid message format" }],
    ["/api/study-time?courseId=1", { type: "heartbeat_response", status: "error", studyTime: 0, code: "AUTH_FAILED" }],
    [
      "/api/v1/ws/dashboard?token=1&token=2",
      { type: "error", code: "INVALID_MESSAGE", message: "token must be given once" },
    ],
  ])("%s: the error frame, then 1008", async (path, frame) => {
    await start();
    const client = await connect(rig.url + path);
    expect(await client.next()).toMatchObject(frame);
    expect((await client.closed).code).toBe(1008);
    expect(client.frames).toHaveLength(1);
  });
});

describe("a refusal over HTTP", () => {
  it.each([
    ["/ws", 401, '{"error":"未提供令牌"}'],
    ["/ws?token=", 401, '{"error":"未提供令牌"}'],
    ["/ws?token=bad", 401, '{"error":"令牌无效"}'],
    ["/ws?token=1&token=2", 401, '{"error":"令牌无效"}'],
    ["/ws?token=limited", 429, '{"error":"too many attempts"}'],
    ["/api/ws/connect?token=bad", 401, '{"error":"the token is not valid"}'],
    ["/api/ws/connect?token=limited", 429, '{"error":"too many attempts"}'],
    ["/?token=limited", 429, '{"type":"error","message":"too many attempts"}'],
    ["/ws?token=fault", 503, '{"error":"the server cannot do this now, try again"}'],
    ["/?token=fault", 503, '{"type":"error","message":"the server cannot do this now, try again"}'],
  ])("%s: %i %s", async (path, status, body) => {
    await start();
    const refusal = await refusedUpgrade(rig.url + path);
    expect(refusal).toMatchObject({ status, body, headers: { "content-type": "application/json; charset=utf-8" } });
    expect(refusal.headers["retry-after"]).toBe(status === 429 ? "7" : status === 503 ? "5" : undefined);
  });

  it("of a fault tells the operator what the client is not told", async () => {
    await start();
    await refusedUpgrade(`${rig.url}/api/v1/ws/dashboard?token=fault`);
    expect(rig.faults).toEqual([new Error("secret of the database")]);
  });
});

describe("RATE_LIMIT on the dashboard dialect", () => {
  it("opens, says so, and closes only later, so that clients which hurry back do not", async () => {
    await start();
    const began = performance.now();
    const client = await connect(`${rig.url}/api/v1/ws/dashboard?token=limited`);
    expect(await client.next()).toMatchObject({ type: "error", code: "RATE_LIMIT", message: "too many attempts" });
    client.send({ type: "ping" });
    expect((await client.closed).code).toBe(1008);
    expect(performance.now() - began).toBeGreaterThan(190);
    expect(client.frames).toHaveLength(1);
  });

  it("lets go at once when the node drains", async () => {
    await start({ engine: { times: { lingerMs: 60_000, closeTimeoutMs: 500 } } });
    const client = await connect(`${rig.url}/api/v1/ws/dashboard?token=limited`);
    await client.next();
    expect(rig.engine.clientsCount).toBe(1);
    await rig.engine.close();
    expect((await client.closed).code).toBe(1001);
  });
});

describe("a dashboard without a token in its URL", () => {
  it("brings it in the first frame; what follows is read after it is let in", async () => {
    await start({ onSocket: (socket) => socket.on("ping", (ack) => ack({ ok: true, timestamp: "P" })) });
    const client = await connect(`${rig.url}/api/v1/ws/dashboard`);
    client.send({ type: "auth", token: "5" });
    client.send({ type: "ping" });
    expect(await client.next()).toEqual({ type: "pong", timestamp: "P" });
    expect(rig.admissions[0]).toMatchObject({ user: "5" });
  });

  it.each([
    ["says something else first", { type: "ping" }],
    ["gives no token", { type: "auth" }],
    ["speaks no JSON", "{"],
  ])("is refused when it %s", async (_name, frame) => {
    await start();
    const client = await connect(`${rig.url}/api/v1/ws/dashboard`);
    client.send(frame);
    const { timestamp, ...refusal } = await client.next();
    expect(refusal).toEqual({ type: "error", code: "AUTH_FAILED", message: "认证失败，请重新登录" });
    expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/);
    expect((await client.closed).code).toBe(1008);
  });

  it("may not send much before anybody knows who it is", async () => {
    await start();
    const client = await connect(`${rig.url}/api/v1/ws/dashboard`);
    client.send({ type: "auth", token: "x".repeat(20_000) });
    expect((await client.closed).code).toBe(1009);
    expect(rig.admissions).toEqual([]);
  });

  it("is refused when it says nothing in time, and when the token is refused", async () => {
    await start();
    const silent = await connect(`${rig.url}/api/v1/ws/dashboard`);
    const bad = await connect(`${rig.url}/api/v1/ws/dashboard`);
    bad.send({ type: "auth", token: "bad" });
    expect(await bad.next()).toMatchObject({ code: "INVALID_TOKEN" });
    expect(await silent.next()).toMatchObject({ code: "AUTH_FAILED" });
    expect((await silent.closed).code).toBe(1008);
    expect(rig.admissions).toEqual([]);
  });

  it("may renew it later", async () => {
    const renewed: unknown[] = [];
    await start({
      onSocket: (socket) =>
        socket.on("refresh_token", (payload, ack) => {
          renewed.push(payload);
          ack({ ok: false, error: { code: "TOKEN_EXPIRED", message: "the token has expired" } });
        }),
    });
    const client = await connect(`${rig.url}/api/v1/ws/dashboard?token=1`);
    client.send({ type: "auth", token: "2" });
    expect(await client.next()).toMatchObject({ type: "error", code: "TOKEN_EXPIRED" });
    expect(renewed).toEqual([{ token: "2" }]);
  });
});

describe("an admission that nobody uses", () => {
  it("is given back when the client has gone before it was decided", async () => {
    let decide = (): void => undefined;
    const decided = new Promise<void>((resolve) => {
      decide = resolve;
    });
    await start({
      engine: {
        admit: async (request) => {
          await decided;
          return { user: "1", request };
        },
      },
    });
    const socket = connectTcp(rig.port, "127.0.0.1");
    socket.write("GET /?token=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n");
    socket.write("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    await eventually(() => rig.engine.clientsCount === 1);
    socket.resetAndDestroy();
    await eventually(() => rig.engine.clientsCount === 0);
    decide();
    await eventually(() => rig.released.length === 1);
  });

  it("is not asked for where the request is no WebSocket handshake", async () => {
    await start();
    const socket = connectTcp(rig.port, "127.0.0.1");
    socket.write("GET /?token=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    const answer = await new Promise<string>((resolve) => socket.once("data", (data) => resolve(data.toString())));
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(rig.admissions).toEqual([]);
    socket.destroy();
  });
});
