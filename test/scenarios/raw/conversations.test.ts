// What documented raw clients say and hear, against the whole server: the channels, gateway and messenger dialects.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startClasswire, type TestServer } from "../../support/classwire.ts";
import { eventually } from "../../support/eventually.ts";
import { type Client, connect, refusedUpgrade } from "../../support/raw-client.ts";
import { signToken } from "../../support/tokens.ts";

let server: TestServer;
let url: string;
beforeAll(async () => {
  server = await startClasswire();
  url = server.url.replace("http", "ws");
});
afterAll(() => server.close());

const channels = (user: string) => connect(`${url}/?token=${signToken(user)}`);
const gateway = (user: string) => connect(`${url}/ws?token=${signToken({ sub: user, username: `name of ${user}` })}`);
const messenger = (user: string) => connect(`${url}/api/ws/connect?user_id=${user}`);
const SECONDS = expect.any(Number);
const notify = (userId: string, title: string) =>
  server.call("POST", "/api/v1/notifications", { userId, title, message: "m" });

/** The next frames are of these types. */
async function hears(client: Client, ...types: string[]): Promise<void> {
  for (const type of types) expect(await client.next()).toMatchObject({ type });
}

describe("the channels dialect", () => {
  it("says exactly what it documents", async () => {
    const client = await channels("c-1");
    const greeting = { type: "connected", message: "WebSocket connection established", userId: "c-1" };
    expect(await client.next()).toEqual(greeting);
    client.send({ type: "heartbeat" });
    expect(await client.next()).toEqual({ type: "heartbeat", timestamp: expect.any(Number) });

    await server.call("POST", "/api/v1/run-sessions", { sessionId: "run-1", userId: "c-1" });
    client.send({ type: "subscribe", channel: "run-results/run-1" });
    expect(await client.next()).toEqual({ type: "subscribed", channel: "run-results/run-1" });
    const result = { stdout: "hi\n", stderr: "", exitCode: 0, duration: 12 };
    await server.call("POST", "/api/v1/run-results/run-1", result);
    expect(await client.next()).toEqual({
      type: "run-results",
      channel: "run-results/run-1",
      data: result,
      timestamp: expect.any(Number),
    });
    client.send({ type: "unsubscribe", channel: "run-results/run-1" });
    expect(await client.next()).toEqual({ type: "unsubscribed", channel: "run-results/run-1" });

    await notify("c-1", "waits");
    client.send({ type: "subscribe", channel: "notifications/c-1" });
    expect(await client.next()).toEqual({ type: "subscribed", channel: "notifications/c-1" });
    expect(await client.next()).toMatchObject({
      type: "notifications",
      channel: "notifications/c-1",
      data: { title: "waits", message: "m" },
    });
    client.ws.close();
  });

  it("answers everything malformed with one message, and what is not its own with another", async () => {
    const client = await channels("c-2");
    await client.next();
    for (const frame of [
      "{",
      "7",
      {},
      { type: "subscribe" },
      { type: "subscribe", channel: "nonsense" },
      { type: "chat" },
    ]) {
      client.send(frame);
      expect(await client.next()).toEqual({ type: "error", message: "Invalid message format" });
    }
    client.send({ type: "subscribe", channel: "notifications/c-1" });
    expect(await client.next()).toEqual({ type: "error", message: expect.stringContaining("notifications/c-1") });
    client.ws.close();
  });

  it("lets five in per user; the sixth is refused before the upgrade", async () => {
    const five = await Promise.all(Array.from({ length: 5 }, () => channels("c-3")));
    const refusal = await refusedUpgrade(`${url}/?token=${signToken("c-3")}`);
    expect(refusal).toMatchObject({ status: 429, headers: { "retry-after": expect.any(String) } });
    for (const client of five) client.ws.close();
  });
});

describe("the gateway dialect", () => {
  it("says exactly what it documents", async () => {
    const [ann, bob] = [await gateway("g-ann"), await gateway("g-bob")];
    ann.send({ type: "ping", content: null, timestamp: 1 });
    expect(await ann.next()).toEqual({ type: "pong", content: null, timestamp: SECONDS });
    for (const client of [ann, bob]) client.send({ type: "join_room", content: "chat:room001" });
    await eventually(() => server.classwire.io.of("/channels").adapter.rooms.get("rooms/chat:room001")?.size === 2);
    ann.send({ type: "room_message", content: { room: "chat:room001", text: "hello" } });
    for (const client of [ann, bob]) {
      expect(await client.next()).toEqual({
        type: "room_message",
        content: {
          id: expect.any(String),
          room: "chat:room001",
          from: "g-ann",
          username: "name of g-ann",
          text: "hello",
        },
        timestamp: SECONDS,
      });
    }
    ann.send({ type: "leave_room", content: "chat:room001" });
    ann.send({ type: "room_message", content: { room: "chat:room001", text: "again" } });
    expect(await ann.next()).toMatchObject({
      type: "error",
      content: { code: "FORBIDDEN", message: expect.any(String) },
    });

    ann.send({ type: "user_message", content: { to: "g-bob", text: "psst" } });
    const whisper = { type: "user_message", content: { from: "g-ann", to: "g-bob", text: "psst" }, timestamp: SECONDS };
    expect(await bob.next()).toEqual(whisper);
    await server.call("POST", "/api/v1/notifications", { userId: "g-bob", title: "t", message: "b", link: "/x" });
    expect(await bob.next()).toEqual({
      type: "notification",
      content: { title: "t", body: "b", icon: "", link: "/x" },
      timestamp: SECONDS,
    });
    await server.call("POST", "/api/v1/system", { message: "soon", level: "warning" });
    const system = { type: "system", content: { message: "soon", level: "warning", code: 0 }, timestamp: SECONDS };
    expect(await bob.next()).toEqual(system);
    const update = { entity: "order", action: "update", id: "7", data: { state: "paid" } };
    await server.call("POST", "/api/v1/data-updates", update);
    expect(await bob.next()).toEqual({ type: "data_update", content: update, timestamp: SECONDS });
    bob.send({ type: "user_message", content: "hi" });
    expect(await bob.next()).toMatchObject({ type: "error", content: { code: "INVALID_MESSAGE" } });
    ann.ws.close();
    bob.ws.close();
  });

  it("refuses over HTTP, in the documented words", async () => {
    const refused = async (query: string) => {
      const { status, body } = await refusedUpgrade(`${url}/ws${query}`);
      return [status, body];
    };
    expect(await refused("")).toEqual([401, '{"error":"未提供令牌"}']);
    expect(await refused("?token=bad")).toEqual([401, '{"error":"令牌无效"}']);
  });

  it("hears personal things on every device, and what came while it was away once", async () => {
    const [phone, tablet] = [await gateway("g-dev"), await gateway("g-dev")];
    await notify("g-dev", "one");
    await hears(phone, "notification");
    await hears(tablet, "notification");
    phone.ws.close();
    tablet.ws.close();
    await eventually(() =>
      [...server.classwire.io.of("/channels").adapter.rooms.keys()].every((room) => room !== "user:g-dev"),
    );
    await notify("g-away", "waits");
    const late = await gateway("g-away");
    expect(await late.next()).toMatchObject({ type: "notification", content: { title: "waits" } });
    late.ws.close();
  });
});

describe("the messenger dialect", () => {
  it("says exactly what it documents, in its own words for what others say", async () => {
    const [ann, bob] = [await messenger("m-ann"), await messenger("m-bob")];
    const elsewhere = await gateway("m-bob");
    elsewhere.send({ type: "ping" });
    await hears(elsewhere, "pong");
    bob.send({ type: "ping", content: "" });
    expect(await bob.next()).toEqual({ type: "ping", content: null });
    ann.send({ type: "chat", to: "m-bob", from: "m-forged", content: "psst" });
    expect(await bob.next()).toEqual({ type: "chat", to: "m-bob", from: "m-ann", content: "psst" });
    expect(await elsewhere.next()).toMatchObject({ type: "user_message", content: { from: "m-ann", text: "psst" } });
    ann.send({ type: "typing", to: "m-bob" });
    expect(await bob.next()).toEqual({ type: "typing", to: "m-bob", from: "m-ann", content: "" });
    ann.send({ type: "chat", content: "hello all" });
    for (const client of [ann, bob])
      expect(await client.next()).toEqual({ type: "chat", from: "m-ann", content: "hello all" });

    await notify("m-bob", "t");
    expect(await bob.next()).toEqual({ type: "notification", content: { title: "t", message: "m" } });
    await server.call("POST", "/api/ws/broadcast", { type: "notification", content: "a string to all" });
    expect(await bob.next()).toEqual({ type: "notification", content: "a string to all" });
    const order = { order_id: "o-1", status: "shipped", tracking_no: "SF1" };
    const sent = await server.call("POST", "/api/ws/send", { type: "order_status", to: "m-bob", content: order });
    expect(sent).toMatchObject({ status: 202, body: { delivered: true } });
    const { to: _to, ...status } = await bob.next();
    expect(status).toEqual({ type: "order_status", content: order });
    bob.send({ type: "nonsense" });
    expect(await bob.next()).toMatchObject({ type: "error", content: { code: "INVALID_MESSAGE" } });
    for (const client of [ann, bob, elsewhere]) client.ws.close();
  });

  it("lets a guest hear what is said to all, and say nothing", async () => {
    const guest = await connect(`${url}/api/ws/connect`);
    guest.send({ type: "chat", content: "hello" });
    expect(await guest.next()).toMatchObject({ type: "error", content: { code: "FORBIDDEN" } });
    await server.call("POST", "/api/ws/broadcast", { type: "notification", content: "to all" });
    expect(await guest.next()).toEqual({ type: "notification", content: "to all" });
    guest.ws.close();
  });

  it("counts a guest as a connection, and as no user", async () => {
    const quiet = await startClasswire();
    const at = `${quiet.url.replace("http", "ws")}/api/ws/connect`;
    const status = async () => (await quiet.call("GET", "/api/ws/status")).body;
    const guests = await Promise.all([connect(at), connect(at)]);
    const user = await connect(`${at}?user_id=m-ann`);
    await eventually(async () => (await status()).online_count === 3);
    expect(await status()).toEqual({ online_count: 3, online_users: ["m-ann"] });
    for (const { ws } of [...guests, user]) ws.close();
    await eventually(async () => (await status()).online_count === 0);
    await quiet.close();
  });

  it("believes no user id beside a bad token", async () => {
    const refusal = await refusedUpgrade(`${url}/api/ws/connect?user_id=m-ann&token=bad`);
    expect(refusal).toMatchObject({ status: 401, body: '{"error":"the token is not valid"}' });
  });
});
