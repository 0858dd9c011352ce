// Payloads of any shape: every event of every namespace answers, names the field, and nothing ends the server.
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Json, next, startClasswire, type TestServer } from "../support/classwire.ts";
import { inboxOf } from "../support/inbox.ts";
import { signToken } from "../support/tokens.ts";
import { openWire, type Wire } from "../support/wire.ts";

let server: TestServer;
const logged: Json[] = [];
beforeAll(async () => {
  const logger = pino({ level: "error" }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  server = await startClasswire({ MESSAGES_PER_SECOND: "100000", DASHBOARD_ATTEMPTS_PER_MINUTE: "1000" }, { logger });
});
afterAll(() => server.close());
afterEach(() => expect(logged).toEqual([]));

/** Every event that a client may send, by namespace, with a field that its payload needs (or none). */
const EVENTS = {
  "/dashboard": { ping: undefined, snapshot: undefined, ack: "channel", refresh_token: "token" },
  "/channels": {
    subscribe: "channel",
    unsubscribe: "channel",
    ack: "channel",
    heartbeat: undefined,
    join_room: "room",
    leave_room: "room",
    room_message: "room",
    user_message: "to",
    chat: "content",
    typing: "to",
    presence: "room",
    refresh_token: "token",
  },
  "/study-time": { heartbeat: undefined, refresh_token: "token" },
} as const;

const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
const huge = "x".repeat(100_000);

/** Payloads as JSON text, so that they can be what `JSON.stringify` would not write. */
const PAYLOADS: readonly string[] = [
  "null",
  "true",
  "0",
  "-1",
  "1e308",
  '""',
  '"\\u0000\\ud800"',
  JSON.stringify(huge),
  "[]",
  "[[],{}]",
  "{}",
  '{"__proto__":{"channel":"rooms/a","room":"a","to":"a","token":"a"}}',
  '{"constructor":{"prototype":{"polluted":true}},"__proto__":{"polluted":true}}',
  '{"toString":1,"valueOf":null,"hasOwnProperty":0}',
  deep(100_000),
  `{"channel":${deep(100_000)},"room":${deep(1000)},"to":${deep(50)},"token":${deep(50)},"content":${deep(100_000)}}`,
  `{"room":"a","to":"a","content":{"a":${deep(100_000)}}}`,
  '{"channel":7,"room":{},"to":[],"token":null,"timestamp":[],"users":"all","content":0,"offset":"1"}',
  '{"channel":"rooms/a","offset":-1,"since":1.5,"epoch":"","room":"","to":"","token":"","users":[1],"text":""}',
  `{"channel":${JSON.stringify(huge)},"room":${JSON.stringify(huge)},"to":${JSON.stringify(huge)},"token":${JSON.stringify(huge)}}`,
  `{"users":${JSON.stringify(Array(5000).fill("u"))}}`,
  '{"channel":"rooms/a\\u0000","room":"a\\u0000","to":"a\\u0000","content":"\\u0000"}',
  '{"channel":"run-results/../../etc","room":"../a","to":"a/../b","since":99999999999999999999}',
];

describe.each(Object.entries(EVENTS))("in %s", (namespace, events) => {
  async function join(): Promise<Wire> {
    const wire = await openWire(server.url);
    await wire.join(namespace, { token: signToken("5"), courseId: "go" });
    return wire;
  }

  it("every event answers every payload, with a value or the field that is wrong", async () => {
    const wire = await join();
    let id = 0;
    const asked = new Map<number, string>();
    for (const event of Object.keys(events)) {
      for (const payload of PAYLOADS) {
        asked.set(++id, `${event} ${payload.slice(0, 80)}`);
        wire.send(`2${namespace},${id}["${event}",${payload}]`);
      }
    }
    for (const [number, what] of asked) {
      const text = await wire.packet(new RegExp(`^43${namespace},${number}\\[`));
      const [answer] = JSON.parse(text.slice(text.indexOf("[")));
      if (answer.ok) continue;
      expect([what, answer]).toEqual([
        what,
        expect.objectContaining({ error: { code: expect.any(String), message: expect.any(String) } }),
      ]);
      expect(["INVALID_MESSAGE", "FORBIDDEN", "INVALID_TOKEN", "RATE_LIMIT"]).toContain(answer.error.code);
      if (answer.error.code === "INVALID_MESSAGE")
        expect(answer.error.message).toMatch(/^([\w.]+ (is|must|has) |exactly one of |text or content )./);
    }
    wire.ws.close();
  });

  it("a payload without what it needs is refused with the name of the field", async () => {
    const socket = server.connect(namespace, "5", { auth: { courseId: "go" } });
    await next(socket, "connected");
    for (const [event, field] of Object.entries(events)) {
      if (field === undefined) continue;
      for (const payload of [{}, { [field]: 7 }]) {
        const { ok, error } = await socket.emitWithAck(event, payload);
        expect([event, ok, error?.code]).toEqual([event, false, "INVALID_MESSAGE"]);
        expect([event, error.message]).toEqual([event, expect.stringMatching(new RegExp(`\\b${field}\\b`))]);
      }
      const { error } = await socket.emitWithAck(event);
      expect([event, error?.code]).toEqual([event, "INVALID_MESSAGE"]);
    }
  });

  it("binary payloads are refused, and no ack is needed", async () => {
    const socket = server.connect(namespace, "5", { auth: { courseId: "go" } });
    await next(socket, "connected");
    const bytes = Buffer.from("bytes");
    for (const [event, field] of Object.entries(events)) {
      const payload = { channel: "rooms/a", room: "a", to: "5", [field ?? "timestamp"]: bytes };
      socket.emit(event, payload);
      const answers = [await socket.emitWithAck(event, bytes), await socket.emitWithAck(event, payload)];
      if (field !== undefined) expect([event, ...answers.map(({ ok }) => ok)]).toEqual([event, false, false]);
    }
    if (namespace === "/channels") {
      await socket.emitWithAck("join_room", { room: "a" });
      for (const event of ["room_message", "user_message", "chat", "typing"]) {
        const { ok, error } = await socket.emitWithAck(event, { room: "a", to: "5", content: { deep: [bytes] } });
        expect([event, ok, error?.code]).toEqual([event, false, "INVALID_MESSAGE"]);
      }
    }
  });

  it("events that nobody knows are refused, and those without a name too", async () => {
    const wire = await join();
    const names = ['"no such event"', "7", '"__proto__"', '"constructor"', '"error"', JSON.stringify(huge)];
    for (const [index, name] of names.entries()) {
      wire.send(`2${namespace},${index + 1}[${name},{}]`);
      wire.send(`2${namespace},[${name}]`);
      const text = await wire.packet(new RegExp(`^43${namespace},${index + 1}\\[`));
      expect(JSON.parse(text.slice(text.indexOf("[")))[0]).toMatchObject({
        ok: false,
        error: { code: "INVALID_MESSAGE", message: expect.stringMatching(/^event .{0,64} is not known here$/) },
      });
    }
    wire.ws.close();
  });

  it.each([
    ["no JSON", "2%,1[oops"],
    ["no array", '2%,1{"a":1}'],
    ["an empty event", "2%,1[]"],
    ["a reserved name", '2%,1["disconnect"]'],
    ["a server's packet", "4%,{}"],
    ["attachments that do not come", '51-%,1["ack",{"_placeholder":true,"num":0}]'],
    ["a placeholder that is none", '52-%,1["ack",{"_placeholder":true,"num":9}]'],
  ])("a packet that is %s ends that connection at most", async (_what, packet) => {
    const wire = await join();
    wire.send(packet.replace("%", namespace));
    wire.ws.send(Buffer.from("attachment"));
    wire.ws.send("2probe");
    const other = await join();
    other.send(`2${namespace},1["refresh_token",{"token":"${signToken("5")}"}]`);
    await other.packet(new RegExp(`^43${namespace},1`));
    other.ws.close();
    wire.ws.terminate();
  });
});

it("text of any characters arrives as it was said, or is refused", async () => {
  const socket = server.connect("/channels", "5");
  await next(socket, "connected");
  const inbox = inboxOf(socket);
  let said = 0;
  await socket.emitWithAck("join_room", { room: "text" });
  for (const text of [
    "\u0000",
    "a\u0000b",
    "\ud800",
    "\udfff\ud800",
    "👩‍🏫 学习",
    "\u2028 \u202e",
    "'; DROP TABLE x; --",
  ]) {
    for (const body of [{ text }, { content: { [text]: [text] } }]) {
      const { ok, error } = await socket.emitWithAck("room_message", { room: "text", ...body });
      if (ok) expect((await inbox.wait("room_message", ++said)).at(-1)).toMatchObject(body);
      else expect([text, error.code]).toEqual([text, "INVALID_MESSAGE"]);
    }
  }
});

it("acks and events that answer nothing are survived", async () => {
  const wire = await openWire(server.url);
  await wire.join("/channels", { token: signToken("5") });
  for (const packet of [
    '3/channels,1["x"]',
    "3/channels,999999[]",
    '2/channels,["ack"]',
    '2/channels,["subscribe",{}]',
  ])
    wire.send(packet);
  const text = await wire.packet(/^42\/channels,\["error"/);
  expect(JSON.parse(text.slice(text.indexOf("[")))[1]).toEqual({
    code: "INVALID_MESSAGE",
    message: expect.stringMatching(/^payload /),
    timestamp: expect.any(String),
  });
  wire.ws.close();
});

it("a frame that is too big closes its connection", async () => {
  const wire = await openWire(server.url);
  await wire.join("/channels", { token: signToken("5") });
  wire.send(`2/channels,["chat",{"content":"${"x".repeat(600_000)}"}]`);
  expect(await wire.closed).toBe(1009);
});
