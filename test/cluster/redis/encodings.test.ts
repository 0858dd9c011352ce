// What emitters write, in every encoding: ours delivers what a plain @socket.io/redis-adapter delivers, byte for byte.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdapter, type RedisAdapter } from "@socket.io/redis-adapter";
import { encode } from "notepack.io";
import { createClient, type RedisClientType } from "redis";
import { Server } from "socket.io";
import { Decoder } from "socket.io-parser";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { createRedisAdapter } from "../../../src/cluster/redis/adapter.ts";
import { createRedisClients } from "../../../src/cluster/redis/clients.ts";
import { DEFAULT_TIMING } from "../../../src/cluster/redis/timing.ts";
import { eventually } from "../../support/eventually.ts";
import { type Redis, startRedis } from "../../support/redis.ts";
import { type Encoding, encodings, requests } from "./encodings.ts";
import { FAST } from "./nodes.ts";

const NAMESPACES = ["/", "/channels"];
const REQUESTED = requests.map((_, index) => `/request-${index}`);

/** What came of one message: what was written to the client in room `r`, and whether the server would have ended over it. */
type Outcome = { readonly written: readonly string[]; readonly crashed: boolean };

/** A server with one client in room `r` of each namespace, on the wire. */
type Side = {
  readonly server: Server;
  /** What was written to the client, by namespace. */
  readonly wires: ReadonlyMap<string, string[]>;
  close(): Promise<void>;
};

/** For each message that a plain adapter was given, by namespace, whether it threw into the Redis client: that ends a process. */
const crashes = new Map<string, boolean[]>();

/** Counts what an adapter throws where the Redis client calls it. */
const watched = (adapter: RedisAdapter): RedisAdapter => {
  const calls: boolean[] = [];
  crashes.set(adapter.nsp.name, calls);
  const [onmessage, onrequest] = ["onmessage", "onrequest"].map(
    (name) => Reflect.get(adapter, name) as (...given: unknown[]) => unknown,
  );
  Reflect.set(adapter, "onmessage", (...given: unknown[]) => {
    calls.push(true);
    try {
      Reflect.apply(onmessage as never, adapter, given);
      calls[calls.length - 1] = false;
    } catch {
      // counted
    }
  });
  Reflect.set(adapter, "onrequest", async (...given: unknown[]) => {
    await Promise.resolve(Reflect.apply(onrequest as never, adapter, given)).catch(() => calls.push(true));
  });
  return adapter;
};

/** A client's packets as they come, attachments in hexadecimal digits. */
const connectWire = async (port: number, namespace: string, written: string[]): Promise<WebSocket> => {
  const wire = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`);
  let isIn = false;
  wire.on("message", (data: Buffer, isBinary) => {
    const text = data.toString();
    if (isBinary) written.push(`attachment ${data.toString("hex")}`);
    else if (text.startsWith("0")) wire.send(namespace === "/" ? "40" : `40${namespace},`);
    else if (text.startsWith("40")) isIn = true;
    else written.push(text.slice(1));
  });
  await eventually(() => isIn);
  return wire;
};

const openSide = async (adapter: (namespace: unknown) => RedisAdapter, closed: () => unknown): Promise<Side> => {
  const http = createServer();
  const server = new Server(http, { adapter: adapter as never, serveClient: false, pingInterval: 60_000 });
  const names = [...NAMESPACES, ...REQUESTED];
  for (const name of names) server.of(name).on("connection", (socket) => void socket.join("r"));
  await new Promise<void>((listening) => http.listen(0, "127.0.0.1", listening));
  const wires = new Map(names.map((name) => [name, [] as string[]]));
  const { port } = http.address() as AddressInfo;
  const open = await Promise.all([...wires].map(([name, written]) => connectWire(port, name, written)));
  const close = async () => {
    for (const wire of open) wire.terminate();
    await server.close();
    await closed();
  };
  return { server, wires, close };
};

/** A server as its authors ship it. */
const openPlain = async (url: string): Promise<Side> => {
  const publisher = createClient({ url }).on("error", () => undefined);
  const subscriber = publisher.duplicate().on("error", () => undefined);
  for (const client of [publisher, subscriber]) await client.setMaxListeners(0).connect();
  const make = createAdapter(publisher, subscriber);
  const adapter = function createPlain(namespace: unknown) {
    return watched(make(namespace));
  };
  return openSide(adapter, () => Promise.all([publisher.close(), subscriber.close()]));
};

const openGuarded = async (url: string): Promise<Side> => {
  const clients = createRedisClients({ url, timing: { ...DEFAULT_TIMING, ...FAST } });
  const keys = { own: "classwire:one", emitters: "socket.io" };
  const side = await openSide(createRedisAdapter(clients, keys), () => clients.close());
  await eventually(() => clients.state() === "up");
  return side;
};

/** Whether a client of Socket.IO reads the packets; it ends its connection over one that it does not. */
const isReadable = (written: readonly string[]): boolean => {
  const decoder = new Decoder();
  try {
    for (const part of written) {
      decoder.add(part.startsWith("attachment ") ? Buffer.from(part.slice("attachment ".length), "hex") : part);
    }
    return written.every((part) => /^(attachment |[25])/.test(part));
  } catch {
    return false;
  }
};

let redis: Redis;
let raw: RedisClientType;
let plain: Side;
let ours: Side;
const wireOf = (side: Side, namespace: string): string[] => side.wires.get(namespace) ?? [];

beforeAll(async () => {
  redis = await startRedis();
  raw = createClient({ url: redis.url });
  await raw.on("error", () => undefined).connect();
  [plain, ours] = await Promise.all([openPlain(redis.url), openGuarded(redis.url)]);
  const isHeard = (name: string) =>
    eventually(async () => {
      await raw.publish(`socket.io#${name}#`, message(name, ["hello"]));
      return [plain, ours].every((side) => wireOf(side, name).length > 0);
    });
  await Promise.all([...NAMESPACES, ...REQUESTED].map(isHeard));
});
afterAll(async () => {
  await Promise.all([plain?.close(), ours?.close()]);
  raw?.destroy();
  await redis?.stop();
});

const message = (nsp: string, data: readonly unknown[]): Buffer =>
  encode(["emitter", { type: 2, nsp, data }, { rooms: [], except: [], flags: {} }]);

const isMark = (text: string): boolean => text.endsWith('["the end of one"]');

/** What was written before each mark. */
const readParts = async (wire: readonly string[], marks: number): Promise<string[][]> => {
  await eventually(() => wire.filter(isMark).length === marks);
  const parts: string[][] = [[]];
  for (const text of wire) {
    if (isMark(text)) parts.push([]);
    else parts.at(-1)?.push(text);
  }
  return parts;
};

/** Publishes everything, a mark behind each; what was written before a mark came of the message in front of it. */
const outcomesOf = async (
  namespace: string,
  all: readonly Encoding[],
): Promise<Record<"plain" | "ours", Outcome[]>> => {
  const channel = `socket.io#${namespace}#`;
  const [theirs, our] = [wireOf(plain, namespace), wireOf(ours, namespace)];
  const mark = message(namespace, ["the end of one"]);
  await raw.publish(channel, mark);
  await eventually(() => theirs.some(isMark) && our.some(isMark)); // what was published before has been heard
  const calls = crashes.get(namespace) ?? [];
  for (const list of [theirs, our, calls]) list.length = 0;
  const published = all.flatMap(({ message: bytes, toRoom }) => [
    raw.publish(toRoom ? `${channel}r#` : channel, bytes),
    raw.publish(channel, mark),
  ]);
  await Promise.all(published);
  const [theirParts, ourParts] = [await readParts(theirs, all.length), await readParts(our, all.length)];
  return {
    plain: all.map((_, index) => ({ written: theirParts[index] ?? [], crashed: calls[2 * index] === true })),
    ours: all.map((_, index) => ({ written: ourParts[index] ?? [], crashed: false })),
  };
};

/** Where ours is meant to differ from a plain adapter that neither ends nor ends its clients, and why. */
const MEANT: readonly (readonly [name: RegExp, why: string])[] = [
  [/, id: [05]/, "an id asks clients for an acknowledgement that nobody waits for: the event goes without it"],
  [/, data: (absent|null)/, "an event without a name is heard by nobody"],
  [/nested 1100 deep/, "near what ends the process: the stack that is left depends on the caller"],
];

test.each(NAMESPACES)("in %s every encoding is delivered as a plain adapter delivers it", async (namespace) => {
  const all = encodings(namespace);
  const found = await outcomesOf(namespace, all);
  const differences: string[] = [];
  const met = new Set<RegExp>();
  const short = ({ written }: Outcome): string => written.join(" ").slice(0, 60) || "nothing";
  for (const [index, { name }] of all.entries()) {
    const [theirs, our] = [found.plain[index], found.ours[index]] as [Outcome, Outcome];
    if (!isReadable(our.written)) differences.push(`${name}: ours ends its clients with ${short(our)}`);
    const harms = theirs.crashed || !isReadable(theirs.written);
    if (harms || theirs.written.join() === our.written.join()) continue;
    const [meant] = MEANT.find(([one]) => one.test(name)) ?? [];
    if (meant === undefined) differences.push(`${name}: plain writes ${short(theirs)}, ours ${short(our)}`);
    else met.add(meant);
  }
  expect(differences).toEqual([]);
  expect([...met].sort()).toEqual(MEANT.map(([name]) => name).sort());
  // The comparison itself: all kinds are among them.
  expect(found.plain.filter(({ crashed }) => crashed).length).toBeGreaterThan(20);
  expect(found.plain.filter(({ written }) => written.length > 0).length).toBeGreaterThan(100);
});

/** Requests on which ours is meant to do nothing where a plain adapter acts, and why. */
const REFUSED: readonly (readonly [request: RegExp, why: string])[] = [
  [/"rooms":null|"room":/, "names something, and no rooms: to leave them out by mistake would mean everybody"],
  [
    /"opts":(\[\]|\{\})/,
    "names nothing: emitters write rooms always, and what nobody meant must not move or close everybody",
  ],
  [/"opts":\{"rooms":\[\]\}\}$/, "joins no room"],
];

test("every request does what it does with a plain adapter", async () => {
  let marks = 0;
  const heard = new Map([plain, ours].map((side) => [side, new Map<string, unknown[]>()]));
  for (const side of [plain, ours]) {
    side.server.of("/").on("mark", () => marks++);
    for (const name of REQUESTED) {
      for (const event of ["told", 5 as never]) {
        side.server.of(name).on(event, (...given: unknown[]) => void heard.get(side)?.set(name, [event, ...given]));
      }
    }
  }
  for (const [index, request] of requests.entries()) {
    await raw.publish(`socket.io-request#${REQUESTED[index]}#`, JSON.stringify(request));
    await raw.publish(`socket.io-request#/#`, JSON.stringify({ type: 6, data: ["mark"] }));
  }
  const effectOn = (side: Side, name: string): string => {
    const sockets = [...side.server.of(name).sockets.values()];
    const rooms = sockets.map((socket) => [...socket.rooms].filter((room) => room !== socket.id).sort());
    return JSON.stringify({ rooms, heard: heard.get(side)?.get(name) });
  };
  await eventually(() => marks === 2 * requests.length);
  const differing = () =>
    requests.filter((_, index) => {
      const name = REQUESTED[index] ?? "";
      return crashes.get(name)?.includes(true) !== true && effectOn(plain, name) !== effectOn(ours, name);
    });
  const unexpected = () => differing().filter((one) => !REFUSED.some(([refused]) => refused.test(JSON.stringify(one))));
  await eventually(() => {
    expect(unexpected()).toEqual([]);
    return true;
  });
  const met = REFUSED.filter(([refused]) => differing().some((one) => refused.test(JSON.stringify(one))));
  expect(met).toEqual(REFUSED);
});
