// Two real Socket.IO servers over the guarded adapter, with clients, an emitter, and enemies on its channels.
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Emitter } from "@socket.io/redis-emitter";
import { encode } from "notepack.io";
import { createClient, type RedisClientType } from "redis";
import { Server } from "socket.io";
import { io as connectTo, type Socket } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRedisAdapter } from "../../../src/cluster/redis/adapter.ts";
import { createRedisClients, type RedisClients } from "../../../src/cluster/redis/clients.ts";
import { DEFAULT_TIMING } from "../../../src/cluster/redis/timing.ts";
import { eventually } from "../../support/eventually.ts";
import { type Redis, startRedis } from "../../support/redis.ts";
import { FAST, inBatches, range } from "./nodes.ts";

/** Every channel that an adapter of `/channels` hears, but for the one of its own answers. */
const CHANNELS = [
  ...["classwire:one", "socket.io"].flatMap((key) => [
    `${key}#/channels#`,
    `${key}#/channels#r#`,
    `${key}-request#/channels#`,
  ]),
  "classwire:one-response#/channels#",
];

type Side = { server: Server; clients: RedisClients; malformed: () => number; client: Socket; heard: unknown[] };

/** A server with one client in room `r` of `/channels` that has a token where tokens come from. */
const openSide = async (url: string): Promise<Side> => {
  const clients = createRedisClients({ url, timing: { ...DEFAULT_TIMING, ...FAST } });
  let malformed = 0;
  const adapter = createRedisAdapter(clients, { own: "classwire:one", emitters: "socket.io" }, () => {
    malformed += 1;
  });
  const http = createServer();
  const server = new Server(http, { adapter, serveClient: false });
  server.of("/channels").on("connection", (socket) => void socket.join("r"));
  await new Promise<void>((listening) => http.listen(0, "127.0.0.1", listening));
  const { port } = http.address() as AddressInfo;
  const client = connectTo(`http://127.0.0.1:${port}/channels`, {
    transports: ["websocket"],
    auth: { token: "secret-in-auth" },
    query: { token: "secret-in-query" },
    extraHeaders: { authorization: "Bearer secret-in-header" },
    forceNew: true,
  });
  const heard: unknown[] = [];
  client.on("event", (value: unknown) => heard.push(value));
  await eventually(() => client.connected && clients.state() === "up");
  return { server, clients, malformed: () => malformed, client, heard };
};

const closeSide = async ({ server, clients, client }: Side): Promise<void> => {
  client.disconnect();
  await server.close();
  await clients.close();
};

describe("the guarded adapter", () => {
  let redis: Redis;
  let one: Side;
  let other: Side;
  let raw: RedisClientType;

  beforeEach(async () => {
    redis = await startRedis();
    [one, other] = await Promise.all([openSide(redis.url), openSide(redis.url)]);
    raw = createClient({ url: redis.url });
    await raw.on("error", () => undefined).connect();
  });
  afterEach(async () => {
    raw.destroy();
    await Promise.all([closeSide(one), closeSide(other)]);
    await redis.stop();
  });

  const bothHear = async (value: string): Promise<void> => {
    one.server.of("/channels").to("r").emit("event", value);
    await eventually(() => one.heard.includes(value) && other.heard.includes(value), { what: `both hearing ${value}` });
  };

  it("carries what servers and standard emitters send to clients on every node", async () => {
    await bothHear("from one");
    const emitter = new Emitter(raw);
    emitter.of("/channels").to("r").emit("event", "from an emitter");
    emitter.of("/channels").emit("event", Buffer.from([1, 2, 3]));
    await eventually(() => [one, other].every(({ heard }) => heard.length === 3));
    expect(one.heard).toEqual(["from one", "from an emitter", Buffer.from([1, 2, 3])]);
    emitter.of("/channels").in("r").socketsLeave("r");
    await eventually(async () => (await one.server.of("/channels").in("r").fetchSockets()).length === 0);
    emitter.of("/channels").disconnectSockets();
    await eventually(() => !one.client.connected && !other.client.connected);
    expect([one, other].map(({ malformed }) => malformed())).toEqual([0, 0]);
  });

  it("still asks and answers between servers", async () => {
    one.server.of("/channels").on("sum", (a: number, answer: (value: number) => void) => answer(a + 1));
    other.server.of("/channels").on("sum", (a: number, answer: (value: number) => void) => answer(a + 2));
    const answers = await other.server.of("/channels").serverSideEmitWithAck("sum", 1);
    expect(answers).toEqual([2]);
    for (const { client } of [one, other]) client.on("ask", (answer: (value: string) => void) => answer("yes"));
    expect(await one.server.of("/channels").timeout(3_000).emitWithAck("ask")).toEqual(["yes", "yes"]);
    expect((await one.server.of("/channels").fetchSockets()).length).toBe(2);
  });

  it("lets no token travel through Redis", async () => {
    const seen: string[] = [];
    const watcher = raw.duplicate();
    await watcher.connect();
    await watcher.pSubscribe("*", (message) => seen.push(message));
    const sockets = await one.server.of("/channels").fetchSockets();
    expect(sockets.map((socket) => socket.rooms.has("r"))).toEqual([true, true]);
    await eventually(() => seen.some((message) => message.includes("handshake")));
    expect(seen.join()).not.toContain("secret");
    watcher.destroy();
  });

  it("bears 10 000 malformed messages on its channels, counts them, and hears afterwards", async () => {
    const messages = badMessages();
    await inBatches(10_000, (index) => {
      const message = messages[index % messages.length] ?? "";
      return raw.publish(CHANNELS[index % CHANNELS.length] ?? "", message);
    });
    await bothHear("after the flood");
    expect(one.malformed()).toBeGreaterThan(9_000);
    expect(one.client.connected && other.client.connected).toBe(true);
    expect([...(one.server.of("/channels").adapter.rooms.keys() ?? [])].sort()).toEqual(["r", one.client.id].sort());
    expect((await one.server.of("/channels").fetchSockets()).length).toBe(2);
  });

  it("goes on locally while Redis is away, loses no process over it, and reaches the others again", async () => {
    const noisy = setInterval(() => {
      one.server.of("/channels").to("r").emit("noise", "x".repeat(1_000));
      one.server.of("/channels").serverSideEmit("noise");
    }, 1);
    await redis.stop();
    await eventually(() => one.clients.state() === "down" && other.clients.state() === "down");
    one.server.of("/channels").to("r").emit("event", "alone");
    await eventually(() => one.heard.includes("alone"));
    expect((await one.server.of("/channels").fetchSockets()).length).toBe(1);
    await redis.restart();
    await eventually(() => one.clients.state() === "up" && other.clients.state() === "up");
    await bothHear("together");
    redis.pause();
    await eventually(() => one.clients.state() === "down");
    expect((await one.server.of("/channels").fetchSockets()).length).toBe(1);
    redis.resume();
    await eventually(() => one.clients.state() === "up" && other.clients.state() === "up");
    await bothHear("and again");
    clearInterval(noisy);
    expect(other.heard).not.toContain("alone");
  });

  it("is subscribed again after its connections were killed 20 times", async () => {
    for (const round of range(20)) {
      await raw.sendCommand(["CLIENT", "KILL", "TYPE", "pubsub"]);
      await raw.sendCommand(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
      if (round % 5 === 4) await eventually(() => one.clients.state() === "up" && other.clients.state() === "up");
    }
    await eventually(() => one.clients.state() === "up" && other.clients.state() === "up");
    await bothHear("after the killing");
  });
});

/** Garbage of every kind: not decodable, of the wrong shape, and almost right. */
function badMessages(): (string | Buffer)[] {
  const options = { rooms: [], except: [], flags: {} };
  const packet = { type: 2, data: ["event", "malformed"], nsp: "/channels" };
  const shapes: unknown[] = [
    null, 0, "text", true, [], {}, [1], [null, null, null], ["x", packet], ["x", packet, null],
    ["x", { ...packet, data: "event" }, options], ["x", { ...packet, data: [] }, options],
    ["x", { ...packet, data: [{}] }, options], ["x", { ...packet, type: 1 }, options], ["x", { ...packet, type: 99 }, options],
    ["x", packet, { rooms: 5 }], ["x", packet, { rooms: {} }], ["x", packet, { rooms: [], except: 5 }],
    ["x", { ...packet, data: ["disconnect"] }, options], ["x", { ...packet, nsp: 5 }, options], ["x", [packet], options],
    { type: 0 }, { type: 0, requestId: "a", rooms: "r" }, { type: 1 }, { type: 2, opts: {} }, { type: 2, opts: options },
    { type: 2, opts: options, rooms: [{}] }, { type: 3, opts: null, rooms: ["r"] }, { type: 4 }, { type: 4, opts: { room: "r" } },
    { type: 4, opts: { rooms: 5 } }, { type: 5, requestId: "a" }, { type: 5, opts: options }, { type: 6 },
    { type: 6, data: {} }, { type: 6, data: [], requestId: "a" }, { type: 6, data: "event" }, { type: 6, data: ["connection", {}] }, { type: 7, requestId: "a" },
    { type: 7, requestId: "a", opts: options, packet: { type: 5 } }, { type: 8 }, { type: "4" }, { type: 99 },
    { requestId: {} }, { requestId: 5, sockets: {} }, { requestId: "a", sockets: [null], type: 5 }, { requestId: "a", rooms: 1 },
  ]; // biome-ignore format: one row per kind
  return [
    ...shapes.map((shape) => encode(shape)),
    ...shapes.map((shape) => JSON.stringify(shape)),
    // [[[[…]]]], deeper than any stack: the decoder overflows.
    Buffer.concat([
      Buffer.from([0x93]),
      encode("x"),
      Buffer.alloc(200_000, 0x91),
      Buffer.from([0xc0]),
      encode(options),
    ]),
    `{"type":6,"data":${"[".repeat(20_000)}`,
    "{",
    "{]",
    "",
    Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1]),
    Buffer.from([0xdb, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from([0xc1]),
    ...range(40).map((length) => randomBytes(length + 1)),
  ];
}
