// Rooms, messages and presence of /channels: who hears what is said, and who is there.
import type { Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { next, startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { type Inbox, inboxOf, settled } from "../support/inbox.ts";
import { signToken } from "../support/tokens.ts";

const AWAY_MS = 300;
let server: TestServer;
let users = 0;
let rooms = 0;
beforeAll(async () => {
  server = await startClasswire({}, { times: { awayAfterMs: AWAY_MS } });
});
afterAll(() => server.close());

const newRoom = (): string => `room-${++rooms}`;

interface Client {
  me: string;
  socket: Socket;
  inbox: Inbox;
  ask(event: string, payload: object): Promise<unknown>;
}

async function client(me = `member-${++users}`, transport = "websocket"): Promise<Client> {
  const socket = server.connect("/channels", signToken({ sub: me, username: `name of ${me}` }), {
    transports: [transport],
  });
  const inbox = inboxOf(socket);
  await next(socket, "connected");
  return { me, socket, inbox, ask: (event, payload) => socket.emitWithAck(event, payload) };
}

async function together(room: string, ...clients: Client[]): Promise<void> {
  for (const [index, one] of clients.entries())
    expect(await one.ask("join_room", { room })).toEqual({ ok: true, room, members: index + 1 });
}

const forbidden = { ok: false, error: { code: "FORBIDDEN", message: expect.any(String) } };
const timestamp = expect.any(Number);

describe.each(["websocket", "polling"])("a message to a room, over %s", (transport) => {
  it("reaches everyone in it, the sender too, with its offset", async () => {
    const room = newRoom();
    const [a, b, outside] = [await client(undefined, transport), await client(undefined, transport), await client()];
    expect(await a.ask("room_message", { room, text: "too early" })).toEqual(forbidden);
    await together(room, a, b);
    const answer = await a.ask("room_message", { room, text: "hello", from: "somebody else" });
    expect(answer).toEqual({ ok: true, id: expect.any(String), offset: 1 });
    await b.ask("room_message", { room, content: { emoji: "👋" } });
    const said = { room, from: a.me, username: `name of ${a.me}`, timestamp };
    for (const { inbox } of [a, b]) {
      expect(await inbox.wait("room_message", 2)).toEqual([
        { ...said, text: "hello" },
        { ...said, from: b.me, username: `name of ${b.me}`, content: { emoji: "👋" } },
      ]);
      expect(inbox.metas("room_message")[0]).toEqual({
        channel: `rooms/${room}`,
        offset: 1,
        id: (answer as { id: string }).id,
      });
    }
    await settled(outside.socket);
    expect(outside.inbox.names()).toEqual(["connected"]);
    expect(await a.ask("leave_room", { room })).toEqual({ ok: true, room, members: 1 });
    expect(await a.ask("room_message", { room, text: "too late" })).toEqual(forbidden);
    await b.ask("room_message", { room, text: "alone" });
    await settled(a.socket);
    expect(a.inbox.payloads("room_message")).toHaveLength(2);
  });
});

it("a room starts at its head for who joins, and is replayed for who asks", async () => {
  const room = newRoom();
  const [a, b] = [await client(), await client()];
  await together(room, a);
  for (const text of ["1", "2", "3"]) await a.ask("room_message", { room, text });
  expect(await b.ask("subscribe", { channel: `rooms/${room}` })).toEqual(forbidden);
  await b.ask("join_room", { room });
  await settled(b.socket);
  expect(b.inbox.payloads("room_message")).toEqual([]);
  expect(await b.ask("subscribe", { channel: `rooms/${room}`, since: 1 })).toMatchObject({ offset: 3, replayed: 2 });
  await b.inbox.wait("room_message", 2);
  await a.ask("room_message", { room, text: "4" });
  await b.inbox.wait("room_message", 3);
  expect(b.inbox.metas("room_message").map(({ offset }) => offset)).toEqual([2, 3, 4]);
});

it("a room stays joined while its channel is unsubscribed, and can be subscribed again", async () => {
  const room = newRoom();
  const [a, b] = [await client(), await client()];
  await together(room, a, b);
  expect(await a.ask("unsubscribe", { channel: `rooms/${room}` })).toMatchObject({ ok: true });
  await b.ask("room_message", { room, text: "unheard" });
  b.socket.emit("typing", { room });
  await a.inbox.wait("typing");
  expect(a.inbox.payloads("room_message")).toEqual([]);
  expect(await a.ask("subscribe", { channel: `rooms/${room}`, since: 0 })).toMatchObject({ ok: true, replayed: 1 });
  await a.inbox.wait("room_message");
});

it("membership is of the connection, not of the user", async () => {
  const room = newRoom();
  const a = await client();
  await together(room, a);
  const second = await client(a.me);
  expect(await second.ask("room_message", { room, text: "not here" })).toEqual(forbidden);
  expect(await second.ask("presence", { room })).toEqual(forbidden);
  expect(await second.ask("join_room", { room })).toEqual({ ok: true, room, members: 1 });
});

it("a connection is in 50 rooms at most", async () => {
  const a = await client();
  const names = Array.from({ length: 50 }, newRoom);
  for (const room of names) expect(await a.ask("join_room", { room })).toMatchObject({ ok: true });
  expect(await a.ask("join_room", { room: newRoom() })).toMatchObject({ error: { code: "RATE_LIMIT" } });
  expect(await a.ask("join_room", { room: names[0] ?? "" })).toMatchObject({ ok: true, members: 1 });
  await a.ask("leave_room", { room: names[0] ?? "" });
  expect(await a.ask("join_room", { room: newRoom() })).toMatchObject({ ok: true });
});

describe("presence", () => {
  it("tells a room who comes first and who has been gone for a while, once per user", async () => {
    const room = newRoom();
    const watcher = await client();
    await together(room, watcher);
    const here = await client();
    const heard = () =>
      watcher.inbox.payloads("presence").filter(({ joined, left }) => [...joined, ...left].includes(here.me));
    expect(await here.ask("join_room", { room })).toEqual({ ok: true, room, members: 2 });
    await eventually(() => heard().length === 1);
    const told = { room, joined: expect.arrayContaining([here.me]), left: [], members: 2, timestamp };
    expect(heard()).toEqual([told]);
    const second = await client(here.me);
    await second.ask("join_room", { room });
    here.socket.close();
    second.socket.close();
    // A reload: back before anyone was told.
    const third = await client(here.me);
    await third.ask("join_room", { room });
    const both = { ok: true, online: [watcher.me, here.me].sort(), members: 2 };
    expect(await watcher.ask("presence", { room })).toEqual(both);
    const gone = Date.now();
    third.socket.close();
    await eventually(() => heard().length === 2);
    expect(Date.now() - gone).toBeGreaterThanOrEqual(AWAY_MS - 20);
    expect(heard()[1]).toEqual({ room, joined: [], left: [here.me], members: 1, timestamp });
    expect(await watcher.ask("presence", { room })).toEqual({ ok: true, online: [watcher.me], members: 1 });
  });

  it("tells a room who leaves it, without the grace period", async () => {
    const room = newRoom();
    const [a, b] = [await client(), await client()];
    await together(room, a, b);
    await eventually(() => a.inbox.payloads("presence").some(({ joined }) => joined.includes(b.me)));
    expect(await b.ask("leave_room", { room })).toEqual({ ok: true, room, members: 1 });
    await eventually(() => a.inbox.payloads("presence").at(-1)?.left[0] === b.me);
    expect(await b.ask("leave_room", { room })).toEqual({ ok: true, room, members: 1 });
  });

  it("says who of a list is online", async () => {
    const [a, b] = [await client(), await client()];
    expect(await a.ask("presence", { users: ["nobody", b.me, a.me] })).toEqual({ ok: true, online: [b.me, a.me] });
    expect(await a.ask("presence", { room: "x", users: [] })).toMatchObject({ error: { code: "INVALID_MESSAGE" } });
    b.socket.close();
    await eventually(async () => {
      expect(await a.ask("presence", { users: [b.me] })).toEqual({ ok: true, online: [] });
      return true;
    });
  });
});

describe("a direct message", () => {
  it("reaches its user, without a subscription, and says whether that is online", async () => {
    const [a, b] = [await client(), await client()];
    const answer = await a.ask("user_message", { to: b.me, text: "hi", from: "x" });
    expect(answer).toEqual({ ok: true, id: expect.any(String), delivered: true });
    const said = { to: b.me, from: a.me, username: `name of ${a.me}`, timestamp };
    expect(await a.ask("chat", { to: b.me, content: "and this" })).toEqual({ ok: true, id: expect.any(String) });
    expect(await b.inbox.wait("user_message", 2)).toEqual([
      { ...said, text: "hi" },
      { ...said, content: "and this" },
    ]);
    expect(b.inbox.metas("user_message")[0]).toEqual({
      channel: `messages/${b.me}`,
      offset: 1,
      id: (answer as { id: string }).id,
    });
    await settled(a.socket);
    expect(a.inbox.names()).toEqual(["connected"]);
  });

  it("waits for a user who is away, until it was acknowledged", async () => {
    const [a, away] = [await client(), `member-${++users}`];
    expect(await a.ask("user_message", { to: away, text: "1" })).toMatchObject({ ok: true, delivered: false });
    const back = await client(away);
    await back.inbox.wait("user_message");
    back.socket.close();
    const again = await client(away);
    await again.inbox.wait("user_message");
    expect(await again.ask("ack", { channel: `messages/${away}`, offset: 1 })).toEqual({ ok: true });
    again.socket.close();
    const last = await client(away);
    await a.ask("user_message", { to: away, text: "2" });
    expect((await last.inbox.wait("user_message")).map(({ text }) => text)).toEqual(["2"]);
  });
});

it("chat without a receiver goes to everyone, the sender too, once a second", async () => {
  const [a, b] = [await client(), await client()];
  expect(await a.ask("chat", { content: "hello all" })).toEqual({ ok: true, id: expect.any(String) });
  expect(await a.ask("chat", { content: "again" })).toMatchObject({ error: { code: "RATE_LIMIT" } });
  expect(await b.ask("chat", { content: { to: "all" }, to: "" })).toMatchObject({ ok: true });
  for (const { inbox } of [a, b]) {
    expect(await inbox.wait("chat", 2)).toEqual([
      { content: "hello all", from: a.me, username: `name of ${a.me}`, timestamp },
      { content: { to: "all" }, from: b.me, username: `name of ${b.me}`, timestamp },
    ]);
  }
  await eventually(async () => ((await a.ask("chat", { content: "later" })) as { ok: boolean }).ok);
});

it("typing reaches the others now, and is kept nowhere", async () => {
  const room = newRoom();
  const [a, b] = [await client(), await client()];
  await together(room, a, b);
  expect(await a.ask("typing", { room })).toEqual({ ok: true });
  expect(await a.ask("typing", { to: b.me, content: "…" })).toEqual({ ok: true });
  const said = { from: a.me, username: `name of ${a.me}`, timestamp };
  expect(await b.inbox.wait("typing", 2)).toEqual([
    { room, ...said },
    { to: b.me, content: "…", ...said },
  ]);
  expect(b.inbox.metas("typing")).toEqual([undefined, undefined]);
  await settled(a.socket);
  expect(a.inbox.payloads("typing")).toEqual([]);
  expect(await a.ask("typing", { room: newRoom() })).toEqual(forbidden);
  expect(await a.ask("typing", { to: "x", room })).toMatchObject({ error: { code: "INVALID_MESSAGE" } });
  for (const channel of [`messages/${b.me}`, `rooms/${room}`]) {
    const { body } = await server.call("GET", `/api/v1/channels/${channel}/events`);
    expect(body.events).toEqual([]);
  }
});
