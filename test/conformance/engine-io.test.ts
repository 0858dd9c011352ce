// Engine.IO's protocol 4 on the product's transports, case by case: sessions, payloads, heartbeats, upgrades, and what is malformed.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Listening, startEngineIoServer } from "./suites/server.ts";
import { openWebSocket, request, type WireClient } from "./wire-client.ts";

const SEPARATOR = "\u001e";
const POLLING = "/engine.io/?EIO=4&transport=polling";
const WEBSOCKET = "/engine.io/?EIO=4&transport=websocket";
/** Pings come soon; who does not answer them has time. */
const KEEP_ALIVE = { pingIntervalMs: 300, pongTimeoutMs: 60_000 };

let server: Listening;
beforeAll(async () => {
  server = await startEngineIoServer(0, KEEP_ALIVE);
});
afterAll(() => server.close());

const get = (path: string) => request(server.port, "GET", path);
const post = (path: string, body: string, type?: string) => request(server.port, "POST", path, body, type);

/** Opens a session that polls; its address. */
async function openSession(): Promise<string> {
  const { body } = await get(POLLING);
  return `${POLLING}&sid=${JSON.parse(body.slice(1)).sid}`;
}

/** Opens a WebSocket and takes its open packet. */
async function openSocket(path = WEBSOCKET, options = {}): Promise<WireClient> {
  const client = await openWebSocket(server.port, path, options);
  await client.hears(1);
  return client;
}

/** A WebSocket gets no session there: it is refused over HTTP, or ended right after the upgrade. */
async function isRefused(path: string): Promise<void> {
  const opened = await openWebSocket(server.port, path).catch((error: Error) => error.message);
  if (typeof opened === "string") {
    expect(opened).toBe("HTTP/1.1 400 Bad Request");
    return;
  }
  await opened.closed();
  expect(opened.messages).toEqual([]);
}

/** Polls until packets other than pings have come. */
const poll = (session: string): Promise<string> =>
  eventually(async () => {
    const { body } = await get(session);
    const packets = body.split(SEPARATOR).filter((packet) => packet !== "2");
    return packets.length > 0 && packets.join(SEPARATOR);
  });

describe("a session", () => {
  const open = { pingInterval: 300, pingTimeout: 60_000, maxPayload: 1_000_000, sid: expect.any(String) };

  it("opens by polling, and may upgrade", async () => {
    const { status, body } = await get(POLLING);
    expect([status, body[0], JSON.parse(body.slice(1))]).toEqual([200, "0", { ...open, upgrades: ["websocket"] }]);
  });

  it("opens by a WebSocket, which nothing follows", async () => {
    const client = await openSocket();
    const [packet] = client.messages;
    expect([String(packet)[0], JSON.parse(String(packet).slice(1))]).toEqual(["0", { ...open, upgrades: [] }]);
    client.destroy();
  });

  it.each([
    ["another protocol", "GET", POLLING.replace("EIO=4", "EIO=3"), 5],
    ["no protocol", "GET", POLLING.replace("EIO=4&", ""), 5],
    ["no transport", "GET", POLLING.replace("&transport=polling", ""), 0],
    ["a transport that is none", "GET", POLLING.replace("polling", "carrier-pigeon"), 0],
    ["a transport that every object has", "GET", POLLING.replace("polling", "constructor"), 0],
    ["a session that is none", "GET", `${POLLING}&sid=0123456789abcdefABCD`, 1],
    ["POST", "POST", POLLING, 2],
    ["PUT", "PUT", POLLING, 2],
    ["DELETE", "DELETE", POLLING, 2],
  ])("does not open with %s", async (_what, method, path, code) => {
    const { status, body } = await request(server.port, method, path);
    expect([status, JSON.parse(body).code]).toEqual([400, code]);
  });

  it.each([
    ["another protocol", WEBSOCKET.replace("EIO=4", "EIO=3")],
    ["no transport", WEBSOCKET.replace("&transport=websocket", "")],
    ["a session that is none", `${WEBSOCKET}&sid=0123456789abcdefABCD`],
    ["polling as its transport", POLLING],
  ])("does not open by a WebSocket with %s", async (_what, path) => {
    await isRefused(path);
  });

  it("of a WebSocket is not to be polled", async () => {
    const client = await openSocket();
    const { sid } = JSON.parse(String(client.messages[0]).slice(1));
    const { status, body } = await get(`${POLLING}&sid=${sid}`);
    expect([status, JSON.parse(body).code]).toEqual([400, 3]);
    client.destroy();
  });
});

describe("polling", () => {
  it.each([
    ["one packet", "4hello"],
    ["an empty message", "4"],
    ["three packets", ["4a", "4b", "4c"].join(SEPARATOR)],
    ["a message in several scripts", "4词法 ✓ 🎓"],
    ["a binary message", "bAQIDBA=="],
    ["text and binary together", ["4hello", "bAQIDBA=="].join(SEPARATOR)],
    ["what looks like another packet", "440/channels,"],
  ])("gives back %s", async (_what, payload) => {
    const session = await openSession();
    expect(await post(session, payload)).toEqual({ status: 200, body: "ok" });
    const bytes = Buffer.from(await poll(session)).toString();
    expect(bytes).toContain(payload.split(SEPARATOR)[0]);
    expect(bytes).toBe(payload);
  });

  it("answers a pong with nothing but ok", async () => {
    const session = await openSession();
    await eventually(async () => (await get(session)).body.includes("2"));
    expect(await post(session, "3")).toEqual({ status: 200, body: "ok" });
    await post(session, "4still here");
    expect(await poll(session)).toBe("4still here");
  });

  it.each([
    ["no packet", "abc"],
    ["an unknown type", "9"],
    ["a ping, which is the server's", "2"],
    ["a packet that is none after a good one", ["4a", "xyz"].join(SEPARATOR)],
    ["the client's goodbye", "1"],
  ])("ends with %s", async (_what, payload) => {
    const session = await openSession();
    await post(session, payload);
    await eventually(async () => (await get(session)).status === 400);
  });

  it("takes no body above maxPayload", async () => {
    const session = await openSession();
    expect((await post(session, `4${"x".repeat(1_000_000)}`)).status).toBe(413);
  });

  it("takes no binary body, which is of an older protocol", async () => {
    const session = await openSession();
    await post(session, "4a", "application/octet-stream").catch(() => undefined);
    await eventually(async () => (await get(session)).status === 400);
  });

  it("ends when two polls wait at once", async () => {
    const session = await openSession();
    await eventually(async () => {
      const [first, second] = await Promise.all([get(session), get(session)]);
      return [first.status, second.status].some((status) => status !== 200);
    });
    expect((await get(session)).status).toBe(400);
  });
});

describe("a WebSocket", () => {
  it.each([
    ["text", "4hello"],
    ["an empty message", "4"],
    ["several scripts", "4词法 ✓ 🎓"],
    ["a separator, which is text here", `4a${SEPARATOR}4b`],
    ["bytes", Buffer.from([0, 1, 2, 255])],
    ["no bytes", Buffer.alloc(0)],
    ["a long message", `4${"x".repeat(70_000)}`],
  ])("gives back %s", async (_what, message) => {
    const client = await openSocket();
    client.send(message);
    expect((await client.hears(2))[1]).toEqual(message);
    client.destroy();
  });

  it("gives back a message in fragments", async () => {
    const client = await openSocket();
    client.sendFrame(0x1, "4he", false);
    client.sendFrame(0x0, "", false);
    client.sendFrame(0x0, "llo", true);
    expect((await client.hears(2))[1]).toBe("4hello");
    client.destroy();
  });

  it.each([
    ["no packet", "abc"],
    ["an unknown type", "9"],
    ["an empty frame", ""],
    ["a ping, which is the server's", "2"],
  ])("ends with %s", async (_what, message) => {
    const client = await openSocket();
    client.send(message);
    await client.closed();
  });

  it("ends when its client says goodbye and closes it", async () => {
    const client = await openSocket();
    client.send("1");
    client.close(1000);
    expect(await client.closed()).toBe(1000);
  });

  it("ends with 1009 above maxPayload", async () => {
    const client = await openSocket();
    client.send(`4${"x".repeat(1_000_000)}`);
    expect(await client.closed()).toBe(1009);
  });

  it("is pinged again and again while it answers, and does not mind a pong too many", async () => {
    const client = await openSocket(WEBSOCKET, { answersPings: false });
    client.send("3");
    for (const pings of [1, 2]) {
      expect((await client.hears(1 + pings))[pings]).toBe("2");
      client.send("3");
    }
    client.destroy();
  });

  it("that answers no ping ends, and a session that polls none too", async () => {
    const impatient = await startEngineIoServer(0, { pingIntervalMs: 100, pongTimeoutMs: 100 });
    const client = await openWebSocket(impatient.port, WEBSOCKET, { answersPings: false });
    const { body } = await request(impatient.port, "GET", POLLING);
    const { sid } = JSON.parse(body.slice(1));
    await client.closed();
    await eventually(async () => (await request(impatient.port, "GET", `${POLLING}&sid=${sid}`)).status === 400);
    await impatient.close();
  });
});

describe("an upgrade", () => {
  const sidOf = (session: string): string => session.slice(session.indexOf("&sid="));

  it("probes, ends the poll, and goes on by the WebSocket", async () => {
    const session = await openSession();
    const client = await openWebSocket(server.port, WEBSOCKET + sidOf(session));
    client.send("2probe");
    expect((await client.hears(1))[0]).toBe("3probe");
    expect(await poll(session)).toBe("6");
    client.send("5");
    client.send("4hello");
    expect((await client.hears(2))[1]).toBe("4hello");
    expect((await get(session)).status).toBe(400);
    await isRefused(WEBSOCKET + sidOf(session));
    client.destroy();
  });

  it("brings over what had not been polled", async () => {
    const session = await openSession();
    await post(session, "4early");
    const client = await openWebSocket(server.port, WEBSOCKET + sidOf(session));
    client.send("2probe");
    await client.hears(1);
    client.send("5");
    expect((await client.hears(2))[1]).toBe("4early");
    client.destroy();
  });

  it("that begins with anything but a probe is none, and the session goes on", async () => {
    const session = await openSession();
    const client = await openWebSocket(server.port, WEBSOCKET + sidOf(session));
    client.send("4hello");
    await client.closed();
    await post(session, "4still here");
    expect(await poll(session)).toBe("4still here");
  });
});
