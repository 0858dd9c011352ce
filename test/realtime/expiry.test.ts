// Tokens during a connection: they end, are renewed, and are revoked; and users are sent away.
import type { Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { next, startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { type Inbox, inboxOf } from "../support/inbox.ts";
import { type Claims, signToken } from "../support/tokens.ts";

const NAMESPACES = ["/dashboard", "/channels", "/study-time"];
let server: TestServer;
beforeAll(async () => {
  server = await startClasswire({ DASHBOARD_ATTEMPTS_PER_MINUTE: "1000" });
});
afterAll(() => server.close());

interface Client {
  socket: Socket;
  inbox: Inbox;
  gone: Promise<unknown>;
}

async function client(namespace: string, token: string): Promise<Client> {
  const socket = server.connect(namespace, token, { auth: { courseId: "go" } });
  const inbox = inboxOf(socket);
  const gone = new Promise((resolve) => socket.once("disconnect", resolve));
  await next(socket, "connected");
  return { socket, inbox, gone };
}

const refresh = (socket: Socket, token: unknown) => socket.emitWithAck("refresh_token", { token });
const issuedBefore = (seconds: number, claims: Claims): string =>
  signToken({ ...claims, iat: Math.floor(Date.now() / 1000) - seconds });

it("a token that expires is told of and ends the connection, 5 s after its exp; one that is renewed in time goes on", async () => {
  const open = (user: string) =>
    Promise.all(NAMESPACES.map((namespace) => client(namespace, signToken(user, { expiresIn: -3 }))));
  const [renewing, letting] = await Promise.all([open("2"), open("1")]);
  for (const { socket } of renewing) expect(await refresh(socket, signToken("2"))).toEqual({ ok: true });
  await Promise.all(letting.map(({ gone }) => gone));
  for (const { inbox } of letting) {
    expect(inbox.names()).toEqual(["connected", "error", "close"]);
    expect(inbox.payloads("error")).toEqual([
      { code: "TOKEN_EXPIRED", message: "the token has expired", timestamp: expect.any(String) },
    ]);
  }
  for (const { socket, inbox } of renewing) {
    expect(socket.connected).toBe(true);
    expect(inbox.names()).toEqual(["connected"]);
  }
});

it("each token ends at its own time, in whatever order they came, and one that is renewed with a shorter one with that", async () => {
  const ended: string[] = [];
  const watch = async (user: string, expiresIn: number): Promise<Client> => {
    const one = await client("/channels", signToken(user, { expiresIn }));
    void one.gone.then(() => ended.push(user));
    return one;
  };
  const [later, sooner, shortened, long] = await Promise.all([
    watch("21", -2),
    watch("22", -4),
    watch("23", 3600),
    watch("24", 3600),
  ]);
  expect(await refresh(shortened.socket, signToken("23", { expiresIn: -3 }))).toEqual({ ok: true });
  await Promise.all([later.gone, sooner.gone, shortened.gone]);
  expect(ended).toEqual(["22", "23", "21"]);
  expect(long.socket.connected).toBe(true);
});

it("a token that lives longer than one timer can wait (24.8 days) ends nothing", async () => {
  const warnings: string[] = [];
  const heard = (warning: Error): void => void warnings.push(warning.name);
  process.on("warning", heard);
  const token = signToken("3", { expiresIn: 30 * 24 * 3600 });
  const clients = await Promise.all(NAMESPACES.map((namespace) => client(namespace, token)));
  for (const { socket } of clients) expect(await refresh(socket, token)).toEqual({ ok: true });
  await new Promise(setImmediate);
  process.off("warning", heard);
  for (const { socket, inbox } of clients) expect([socket.connected, inbox.names()]).toEqual([true, ["connected"]]);
  expect(warnings).not.toContain("TimeoutOverflowWarning");
});

describe.each(NAMESPACES)("in %s", (namespace) => {
  it("a token of somebody else, a bad one or none renews nothing", async () => {
    const { socket } = await client(namespace, signToken("4"));
    for (const [token, code] of [
      [signToken("5"), "AUTH_FAILED"],
      [signToken("4", { expiresIn: -6 }), "TOKEN_EXPIRED"],
      [signToken("4", { key: "another secret of at least 32 bytes!" }), "INVALID_TOKEN"],
      ["", "INVALID_MESSAGE"],
      [undefined, "INVALID_MESSAGE"],
    ])
      expect(await refresh(socket, token)).toEqual({ ok: false, error: { code, message: expect.any(String) } });
    expect(socket.connected).toBe(true);
  });

  it("a revoked token ends its connections, and no others of the user", async () => {
    const claims = (jti: string): Claims => ({ sub: "6", jti: jti + namespace });
    const revoked = await client(namespace, signToken(claims("a")));
    const other = await client("/channels", signToken(claims("b")));
    const { status } = await server.call("POST", "/api/v1/revocations", { tokenId: `a${namespace}` });
    expect(status).toBe(201);
    await revoked.gone;
    expect(revoked.inbox.payloads("error")).toMatchObject([{ code: "INVALID_TOKEN" }]);
    expect(other.socket.connected).toBe(true);
    const [error] = await next(
      server.connect(namespace, signToken(claims("a")), { auth: { courseId: "go" } }),
      "connect_error",
    );
    expect(error.data.code).toBe("INVALID_TOKEN");
    expect(await refresh(other.socket, signToken(claims("a")))).toMatchObject({ error: { code: "INVALID_TOKEN" } });
  });
});

it("revoking a user ends all connections, and tokens from before", async () => {
  const [user, old] = ["7", issuedBefore(10, { sub: "7" })];
  const clients = await Promise.all(NAMESPACES.map((namespace) => client(namespace, old)));
  const bystander = await client("/channels", signToken("8"));
  expect((await server.call("POST", "/api/v1/revocations", { userId: user })).status).toBe(201);
  await Promise.all(clients.map(({ gone }) => gone));
  for (const { inbox } of clients) expect(inbox.names().at(-1)).toBe("close");
  const [error] = await next(server.connect("/channels", old), "connect_error");
  expect(error.data.code).toBe("INVALID_TOKEN");
  await eventually(async () => {
    const again = server.connect("/channels", signToken(user)); // tokens are dated in whole seconds
    return next(again, "connected").then(
      () => true,
      () => false,
    );
  });
  expect(bystander.socket.connected).toBe(true);
});

it("disconnecting a user ends all connections, which may come back", async () => {
  const clients = await Promise.all(NAMESPACES.map((namespace) => client(namespace, signToken("9"))));
  const bystander = await client("/dashboard", signToken("10"));
  expect((await server.call("POST", "/api/v1/disconnect", { userId: "9" })).status).toBe(202);
  await Promise.all(clients.map(({ gone }) => gone));
  for (const { inbox } of clients) {
    expect(inbox.payloads("close")).toEqual([
      { reason: "disconnected by the platform", timestamp: expect.any(String) },
    ]);
  }
  expect(bystander.socket.connected).toBe(true);
  await client("/dashboard", signToken("9"));
});

it("what a renewed token allows counts from then on", async () => {
  const { socket } = await client("/channels", signToken("11"));
  expect(await socket.emitWithAck("subscribe", { channel: "rooms/any" })).toMatchObject({ ok: false });
  expect(await refresh(socket, signToken({ sub: "11", role: "admin", username: "Lin" }))).toEqual({ ok: true });
  expect(await socket.emitWithAck("subscribe", { channel: "rooms/any" })).toMatchObject({ ok: true });
  const heard = next(socket, "chat");
  await socket.emitWithAck("chat", { content: "hello" });
  expect((await heard)[0]).toMatchObject({ from: "11", username: "Lin" });
});

it("neither a token nor a query stays with the socket, where an adapter could send it to other nodes", async () => {
  const token = signToken("12");
  const options = { query: { token }, extraHeaders: { authorization: `Bearer ${token}`, cookie: `session=${token}` } };
  await next(server.connect("/channels", token, options), "connected");
  const sockets = [...server.classwire.io.of("/channels").sockets.values()];
  expect(sockets.length).toBeGreaterThan(0);
  for (const { handshake } of sockets) expect(JSON.stringify(handshake)).not.toContain(token.slice(-20));
});
