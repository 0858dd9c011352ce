// /channels with a plain client, on both transports: every event, answer, field and code, and who may hear what.
import type { Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { next, startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { type Inbox, inboxOf, settled } from "../support/inbox.ts";
import { signToken } from "../support/tokens.ts";

let server: TestServer;
let users = 0;
beforeAll(async () => {
  server = await startClasswire({}, { times: { awayAfterMs: 200, pendingEveryMs: 100 } });
});
afterAll(() => server.close());

const user = (): string => `user-${++users}`;
const result = { stdout: "hi\n", stderr: "", exitCode: 0, duration: 12.5 };
const notice = {
  title: "Order",
  message: "It is on its way",
  action: "open",
  requestId: "r1",
  icon: "i",
  link: "/o/1",
};

interface Client {
  socket: Socket;
  inbox: Inbox;
}

async function client(who: string, options: object = {}): Promise<Client> {
  const socket = server.connect("/channels", who, options);
  const inbox = inboxOf(socket);
  await next(socket, "connected");
  return { socket, inbox };
}

const service = (): string => signToken({ sub: "backend", role: "service" });
const forbidden = { ok: false, error: { code: "FORBIDDEN", message: expect.any(String) } };
const push = (session: string) => server.call("POST", `/api/v1/run-results/${session}`, result);
const register = (session: string, owner: string) =>
  server.call("POST", "/api/v1/run-sessions", { sessionId: session, userId: owner });

describe.each(["websocket", "polling"])("over %s", (transport) => {
  const over = { transports: [transport] };

  it("greets with exactly the documented fields", async () => {
    const me = user();
    const { socket, inbox } = await client(me, over);
    expect(socket.io.engine.transport.name).toBe(transport);
    expect(inbox.payloads("connected")).toEqual([
      { message: "WebSocket connection established", userId: me, epoch: expect.any(String) },
    ]);
    const [before, { ok, timestamp, ...rest }] = [Date.now(), await socket.emitWithAck("heartbeat")];
    expect([ok, rest]).toEqual([true, {}]);
    expect(timestamp).toBeGreaterThanOrEqual(before);
    expect(timestamp).toBeLessThanOrEqual(Date.now());
  });

  it("brings run results to the owner who subscribed, and only to it", async () => {
    const [me, session] = [user(), `run-${transport}`];
    const [owner, other] = [await client(me, over), await client(user(), over)];
    expect((await register(session, me)).status).toBe(201);
    const channel = `run-results/${session}`;
    expect(await owner.socket.emitWithAck("subscribe", { channel })).toEqual({
      ok: true,
      channel,
      offset: 0,
      recovered: true,
      replayed: 0,
    });
    expect(await other.socket.emitWithAck("subscribe", { channel })).toEqual(forbidden);
    expect((await push(session)).body).toEqual({ channel, offset: 1 });
    expect(await owner.inbox.wait("run-results")).toEqual([{ channel, data: result, timestamp: expect.any(Number) }]);
    expect(owner.inbox.metas("run-results")).toEqual([{ channel, offset: 1, id: expect.any(String) }]);
    await settled(other.socket);
    expect(other.inbox.names()).toEqual(["connected"]);

    expect(await owner.socket.emitWithAck("unsubscribe", { channel })).toEqual({ ok: true, channel });
    await push(session);
    await settled(owner.socket);
    expect(owner.inbox.payloads("run-results")).toHaveLength(1);
  });

  it("brings notifications to their user only, with what was given and no more", async () => {
    const me = user();
    const [owner, other] = [await client(me, over), await client(user(), over)];
    const channel = `notifications/${me}`;
    expect(await owner.socket.emitWithAck("subscribe", { channel })).toMatchObject({ ok: true, recovered: true });
    expect(await other.socket.emitWithAck("subscribe", { channel })).toEqual(forbidden);
    const { status, body } = await server.call("POST", "/api/v1/notifications", { userId: me, ...notice });
    expect(status).toBe(201);
    expect(body).toEqual({ id: expect.any(String), channel, offset: 1, online: true });
    await server.call("POST", "/api/v1/notifications", { userId: me, title: "t", message: "m" });
    expect(await owner.inbox.wait("notifications", 2)).toEqual([
      { channel, data: notice, timestamp: expect.any(Number) },
      { channel, data: { title: "t", message: "m" }, timestamp: expect.any(Number) },
    ]);
    expect(owner.inbox.metas("notifications")).toEqual([
      { channel, offset: 1, id: body.id },
      { channel, offset: 2, id: expect.any(String) },
    ]);
    await settled(other.socket);
    expect(other.inbox.names()).toEqual(["connected"]);
  });

  it("brings system messages and data updates, which are not kept", async () => {
    const [me, room] = [user(), `updates-${transport}`];
    const { socket, inbox } = await client(me, over);
    await server.call("POST", "/api/v1/system", { message: "down at 8", level: "warning" });
    await server.call("POST", "/api/v1/system", {
      message: "m",
      level: "info",
      code: 7,
      title: "t",
      icon: "i",
      link: "l",
    });
    const update = { entity: "course", action: "update", id: 5, data: { title: "Go" } };
    await server.call("POST", "/api/v1/data-updates", update);
    await server.call("POST", "/api/v1/data-updates", { ...update, to: { user: me } });
    await server.call("POST", "/api/v1/data-updates", { ...update, to: { user: "somebody else" } });
    await server.call("POST", "/api/v1/data-updates", { ...update, to: { room } });
    await socket.emitWithAck("join_room", { room });
    await server.call("POST", "/api/v1/data-updates", { ...update, id: "x", to: { room } });
    await inbox.wait("data_update", 3);
    await settled(socket);
    const timestamp = expect.any(Number);
    expect(inbox.payloads("system")).toEqual([
      { message: "down at 8", level: "warning", code: 0, timestamp },
      { message: "m", level: "info", code: 7, title: "t", icon: "i", link: "l", timestamp },
    ]);
    expect(inbox.payloads("data_update")).toEqual([
      { ...update, timestamp },
      { ...update, timestamp },
      { ...update, id: "x", timestamp },
    ]);
    expect(inbox.all.filter(({ event }) => event === "data_update").map(({ args }) => args.length)).toEqual([1, 1, 1]);
  });
});

describe("run sessions that nobody has registered yet", () => {
  it("are delivered from the start once they are registered to this user", async () => {
    const [me, session] = [user(), "pending-1"];
    const { socket, inbox } = await client(me);
    const channel = `run-results/${session}`;
    await push(session);
    expect(await socket.emitWithAck("subscribe", { channel })).toEqual({
      ok: true,
      channel,
      offset: 0,
      recovered: true,
      replayed: 0,
    });
    await push(session);
    await settled(socket);
    expect(inbox.names()).toEqual(["connected"]);
    expect((await register(session, me)).status).toBe(201);
    await push(session);
    await inbox.wait("run-results", 3);
    expect(inbox.metas("run-results").map(({ offset }) => offset)).toEqual([1, 2, 3]);
  });

  it("end with an error when they are registered to somebody else", async () => {
    const session = "pending-2";
    const { socket, inbox } = await client(user());
    const channel = `run-results/${session}`;
    await socket.emitWithAck("subscribe", { channel });
    await register(session, "somebody-else");
    await push(session);
    expect(await inbox.wait("error")).toEqual([
      { code: "FORBIDDEN", message: expect.any(String), channel, timestamp: expect.any(String) },
    ]);
    await settled(socket);
    expect(inbox.names()).toEqual(["connected", "error"]);
    expect(await socket.emitWithAck("subscribe", { channel })).toEqual(forbidden);
  });

  it("are found in the database when the node was not told", async () => {
    const [me, session] = [user(), "pending-3"];
    const { socket, inbox } = await client(me);
    await socket.emitWithAck("subscribe", { channel: `run-results/${session}` });
    await server.classwire.services.runSessions.register({ session, user: me, by: "backend" });
    await push(session);
    await inbox.wait("run-results");
  });

  it("that a user has claimed go to whom a backend names: the claimant hears nothing more", async () => {
    const [me, session] = [user(), "pending-claimed"];
    const other = user();
    const [mine, theirs] = [await client(me), await client(other)];
    const channel = `run-results/${session}`;
    const body = { sessionId: session, userId: me };
    expect((await server.call("POST", "/api/v1/run-sessions", body, signToken(me))).status).toBe(201);
    await mine.socket.emitWithAck("subscribe", { channel });
    await push(session);
    await mine.inbox.wait("run-results");
    await register(session, other);
    expect(await mine.inbox.wait("error")).toMatchObject([{ code: "FORBIDDEN", channel }]);
    await theirs.socket.emitWithAck("subscribe", { channel });
    await push(session);
    await theirs.inbox.wait("run-results", 2);
    await settled(mine.socket);
    expect(mine.inbox.payloads("run-results")).toHaveLength(1);
  });

  it("are waited for no more after an unsubscribe", async () => {
    const [me, session] = [user(), "pending-4"];
    const { socket, inbox } = await client(me);
    await socket.emitWithAck("subscribe", { channel: `run-results/${session}` });
    await socket.emitWithAck("unsubscribe", { channel: `run-results/${session}` });
    await register(session, me);
    await push(session);
    await settled(socket);
    expect(inbox.names()).toEqual(["connected"]);
  });
});

describe("who may subscribe", () => {
  it("services and administrators to anything", async () => {
    const [me, room] = [user(), "anything"];
    await register("anything", me);
    const admin = signToken({ sub: "root", role: "admin" });
    for (const [who, offset] of [
      [service(), 1],
      [admin, 2],
    ] as const) {
      const { socket, inbox } = await client(who);
      for (const channel of [`notifications/${me}`, `messages/${me}`, "run-results/anything", `rooms/${room}`])
        expect(await socket.emitWithAck("subscribe", { channel })).toMatchObject({ ok: true, channel });
      await push("anything");
      expect((await server.call("POST", `/api/v1/rooms/${room}/messages`, { text: "hi" })).body.offset).toBe(offset);
      await inbox.wait("run-results", offset);
      await inbox.wait("room_message");
      socket.close();
    }
  });

  it("nobody to channels of others, or to what is none", async () => {
    const { socket } = await client(user());
    for (const channel of ["messages/somebody", "notifications/somebody", "rooms/not-joined", "dashboard/1"])
      expect(await socket.emitWithAck("subscribe", { channel })).toEqual(forbidden);
    for (const channel of ["", "rooms", "rooms/", "rooms/a b", `rooms/${"x".repeat(129)}`, "users/1", "rooms/a/b"]) {
      const answer = await socket.emitWithAck("subscribe", { channel });
      expect(answer).toMatchObject({ ok: false, error: { code: "INVALID_MESSAGE" } });
      expect(answer.error.message).toMatch(/^channel /);
    }
  });

  it("a user whose id needs encoding to its own", async () => {
    const me = "a:b/c d";
    const { socket, inbox } = await client(signToken({ sub: me }));
    const channel = "notifications/a%3Ab%2Fc%20d";
    expect(await socket.emitWithAck("subscribe", { channel })).toMatchObject({ ok: true, channel });
    await server.call("POST", "/api/v1/notifications", { userId: me, title: "t", message: "m" });
    await inbox.wait("notifications");
  });
});

it("keeps what came while a user was away, until it is acknowledged", async () => {
  const me = user();
  const channel = `notifications/${me}`;
  const send = (title: string) => server.call("POST", "/api/v1/notifications", { userId: me, title, message: "m" });
  await send("1");
  await send("2");
  const first = await client(me);
  expect(await first.socket.emitWithAck("subscribe", { channel })).toMatchObject({ offset: 2, replayed: 2 });
  await first.inbox.wait("notifications", 2);
  expect(await first.socket.emitWithAck("ack", { channel, offset: 1 })).toEqual({ ok: true });
  first.socket.close();
  await send("3");

  const second = await client(me);
  expect(await second.socket.emitWithAck("subscribe", { channel })).toMatchObject({ offset: 3, replayed: 2 });
  await second.inbox.wait("notifications", 2);
  expect(second.inbox.metas("notifications").map(({ offset }) => offset)).toEqual([2, 3]);
  expect(second.inbox.metas("notifications")[0]).toEqual(first.inbox.metas("notifications")[1]);
  // The client's word beats the cursor.
  expect(await second.socket.emitWithAck("subscribe", { channel, since: 0 })).toMatchObject({ replayed: 3 });
  await second.inbox.wait("notifications", 5);
  expect(await second.socket.emitWithAck("ack", { channel, offset: 99 })).toEqual({ ok: true });
  second.socket.close();

  const third = await client(me);
  expect(await third.socket.emitWithAck("subscribe", { channel })).toMatchObject({ offset: 3, replayed: 0 });
  await send("4");
  await eventually(() => third.inbox.metas("notifications").at(-1)?.offset === 4);
  expect(third.inbox.payloads("notifications")).toHaveLength(1);
});

it("says what it cannot recover", async () => {
  const me = user();
  const channel = `notifications/${me}`;
  for (const title of ["1", "2"])
    await server.call("POST", "/api/v1/notifications", { userId: me, title, message: "m" });
  const { socket, inbox } = await client(me);
  const epoch = inbox.payloads("connected")[0].epoch;
  const ask = (from: object) => socket.emitWithAck("subscribe", { channel, ...from });
  expect(await ask({ since: 1, epoch })).toMatchObject({ recovered: true, replayed: 1 });
  await inbox.wait("notifications", 1);
  expect(await ask({ since: 1, epoch: "of another database" })).toMatchObject({ recovered: false, replayed: 2 });
  await inbox.wait("notifications", 3);
  expect(await ask({ since: 3, epoch })).toMatchObject({ recovered: false, replayed: 2, offset: 2 });
  await inbox.wait("notifications", 5);
});

it("tells everyone, and those who were away when they come back", async () => {
  const [one, two, away] = [user(), user(), user()];
  const clients = [await client(one), await client(two), await client(away)] as const;
  const subscribe = (who: Client, name: string) =>
    who.socket.emitWithAck("subscribe", { channel: `notifications/${name}` });
  for (const [index, name] of [one, two, away].entries())
    expect(await subscribe(clients[index] ?? clients[0], name)).toMatchObject({ ok: true });
  clients[2].socket.close();
  const { body } = await server.call("POST", "/api/v1/notifications", { everyone: true, title: "all", message: "m" });
  expect(body).toMatchObject({ channel: "notifications/:everyone", offset: 1 });
  await clients[0].inbox.wait("notifications");
  await clients[1].inbox.wait("notifications");
  const back = await client(away);
  await subscribe(back, away);
  const [late] = await back.inbox.wait("notifications");
  expect(late).toEqual({
    channel: "notifications/:everyone",
    data: { title: "all", message: "m" },
    timestamp: expect.any(Number),
  });
});
