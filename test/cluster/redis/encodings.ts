// The ways in which emitters of other languages write a broadcast: each part in all its variants, and whole messages.
import { decode, encode } from "notepack.io";

/** One message on the adapter's channels. */
export interface Encoding {
  readonly name: string;
  /** Goes to the channel of room `r`, or to that of the whole namespace. */
  readonly toRoom: boolean;
  readonly message: Buffer;
}

type Fields = Record<string, unknown>;
type Change = (packet: Fields, options: Fields) => void;

/** The field is not written at all. */
const ABSENT = Symbol("absent");
const BINARY = Buffer.from("r");

/** What stands where a map or a list is expected: as PHP, Lua, Go, Python and older emitters write it, and worse. */
const LISTS = [
  ...[ABSENT, null, "", "r", "room", [], ["r"], ["r", "x"], ["x"], [5], ["5"], [null, "r"], [{}], [["r"]], [true]],
  ...[{}, { 0: "r" }, 0, 5, true, false, BINARY],
];
const FLAGS = [
  ...[ABSENT, null, [], {}, false, true, 0, 7, "", "x", [1], BINARY, { compress: false }, { local: true }],
  ...[{ broadcast: true, timeout: 5 }, { volatile: false }],
];
const TYPES = [2, 5, "2", "5", "event", ABSENT, null, 0, 1, 3, 4, 6, 99, true, 2.5, -2, []];
const NAMESPACES = [ABSENT, null, "", "/", "/channels", "channels", "/channels/", "/other", 5, [], {}];
const IDS = [0, 5, "a", null, {}];
const OPTIONS = [[], {}, null, ABSENT, "", "x", 5, true, BINARY, [["r"]]];
const UIDS = ["emitter", null, 5, "", {}, []];
const DATA: unknown[] = [
  ...[ABSENT, null, "event", {}, { 0: "event" }, [], [5], [2.5], [-0], [Number.NaN], [null], [true], [{}], [["event"]]],
  ...[[""], ["event", null], ["event", undefined], ["event", 2 ** 53], ["event", -(2 ** 40)], ["event", 1.5]],
  ...[
    ["event", Number.NaN],
    ["event", BINARY],
    ["event", { a: [BINARY, { b: BINARY }] }],
    ["event", new Date(0)],
  ],
  ...[
    ["event", new Date(Number.NaN)],
    ["event", { toJSON: "x", __proto__: null, constructor: 1 }],
    ["事件", "值"],
  ],
  ...[
    ["event", "\u2028\ud800"],
    ["event", {}, [], ""],
    ["event", { type: "Buffer", data: [1] }],
  ],
  ...["connect", "disconnect", "connect_error", "disconnecting", "newListener", "removeListener", "error"].map((x) => [
    x,
  ]),
];
const DEPTHS = [10, 31, 127, 129, 500, 990, 1_000, 1_100, 10_000, 100_000];

const said = (value: unknown): string => (value === ABSENT ? "absent" : (JSON.stringify(value) ?? String(value)));

const setting = (field: string, values: readonly unknown[], of: "packet" | "options"): [string, Change][] =>
  values.map((value) => [
    `${field}: ${said(value)}`,
    (packet, options) => {
      const fields = of === "packet" ? packet : options;
      if (value === ABSENT) delete fields[field];
      else fields[field] = value;
    },
  ]);

const changes = (): [string, Change][] => [
  ...setting("rooms", LISTS, "options"),
  ...setting("except", LISTS, "options"),
  ...setting("flags", FLAGS, "options"),
  ...setting("type", TYPES, "packet"),
  ...setting("nsp", NAMESPACES, "packet"),
  ...setting("data", DATA, "packet"),
  ...setting("id", IDS, "packet"),
  ...setting("attachments", [0, 1], "packet"),
];

/** `["event", [[[…]]]]`, which no encoder writes that recurses. */
const nested = (namespace: string, depth: number): Buffer => {
  const [head, tail] = splitAt(
    encode(["emitter", { type: 2, nsp: namespace, data: ["event", "HERE"] }, { rooms: [] }]),
  );
  return Buffer.concat([head, Buffer.alloc(depth, 0x91), Buffer.from([0xc0]), tail]);
};

const splitAt = (message: Buffer): [Buffer, Buffer] => {
  const at = message.indexOf("HERE") - 1; // its one byte of length, too
  return [message.subarray(0, at), message.subarray(at + 5)];
};

/** Values of MessagePack that notepack reads and does not write. */
const FOREIGN: readonly [string, readonly number[]][] = [
  ["an int64", [0xd3, 0, 0x20, 0, 0, 0, 0, 0, 1]],
  ["a negative int64", [0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf0]],
  ["a uint64", [0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
  ["a float32", [0xca, 0x3f, 0xc0, 0, 0]],
  ["a timestamp of 32 bits", [0xd6, 0xff, 0, 0, 0, 1]],
  ["a timestamp of 64 bits", [0xd7, 0xff, 0, 0, 0, 0, 0, 0, 0, 1]],
  ["a timestamp of 96 bits", [0xc7, 12, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
  ["an unknown extension", [0xd5, 5, 1, 2]],
  ["an unknown long extension", [0xc7, 3, 7, 1, 2, 3]],
  ["an empty map, as an array", [0x90]],
  ["a map with numbers for keys", [0x82, 1, 2, 3, 4]],
  ["a long form of a short text", [0xdb, 0, 0, 0, 1, 0x61]],
];

const foreign = (namespace: string, bytes: readonly number[]): Buffer => {
  const [head, tail] = splitAt(
    encode(["emitter", { type: 2, nsp: namespace, data: ["event", "HERE"] }, { rooms: [] }]),
  );
  return Buffer.concat([head, Buffer.from(bytes), tail]);
};

/** Every encoding of a broadcast for the namespace. */
export const encodings = (namespace: string): Encoding[] => {
  const packet = (): Fields => ({ type: 2, nsp: namespace, data: ["event", { text: "x" }] });
  const options = (): Fields => ({ rooms: [], except: [], flags: {} });
  const all: Encoding[] = [];
  const add = (name: string, message: Buffer, toRoom = false) =>
    void all.push({ name: `${namespace}, ${name}`, toRoom, message });
  for (const [name, change] of changes()) {
    for (const uid of ["emitter", null]) {
      const [changedPacket, changedOptions] = [packet(), options()];
      change(changedPacket, changedOptions);
      add(`${name}${uid === null ? ", without uid" : ""}`, encode([uid, changedPacket, changedOptions]), uid === null);
    }
  }
  for (const value of OPTIONS) {
    add(`options: ${said(value)}`, encode(value === ABSENT ? ["emitter", packet()] : ["emitter", packet(), value]));
  }
  for (const uid of UIDS) add(`uid: ${said(uid)}`, encode([uid, packet(), options()]));
  for (const depth of DEPTHS) add(`nested ${depth} deep`, nested(namespace, depth));
  for (const [name, bytes] of FOREIGN) add(name, foreign(namespace, bytes));
  const whole = encode(["emitter", packet(), options()]);
  add("as an emitter of JavaScript writes it", whole, true);
  add("with a fourth part", encode(["emitter", packet(), options(), "more"]));
  add("without a uid's place", encode([packet(), options()]));
  add("as a map", encode({ 0: "emitter", 1: packet(), 2: options() }));
  add("packet: []", encode(["emitter", [], options()]));
  add("packet: null", encode(["emitter", null, options()]));
  add("cut short", whole.subarray(0, -3));
  add("with bytes behind it", Buffer.concat([whole, BINARY]));
  add("as JSON", Buffer.from(JSON.stringify(decode(whole))));
  add("empty", Buffer.alloc(0));
  return all;
};

/** Requests of emitters to a namespace, as JSON: to move sockets, close them, and tell the servers. */
export const requests: readonly Fields[] = [
  ...[2, 3].flatMap((type) => [
    { type, opts: { rooms: [], except: [], flags: {} }, rooms: ["r", "new"] },
    { type, opts: { rooms: [], except: [], flags: [] }, rooms: ["r", "new"] },
    { type, opts: { rooms: ["r"], except: "" }, rooms: [5] },
    { type, opts: { rooms: ["r"], except: null }, rooms: ["r"] },
    { type, opts: { rooms: "r", except: ["other"] }, rooms: ["r"] },
    { type, opts: { rooms: ["r"], except: ["r"] }, rooms: ["r"] },
    { type, opts: { rooms: ["r"], except: "r" }, rooms: ["r"] },
    { type, opts: { rooms: [5] }, rooms: ["r"] },
    { type, opts: { rooms: {} }, rooms: ["r"] },
    { type, opts: { rooms: null }, rooms: ["r", "new"] },
    { type, opts: { room: "other" }, rooms: ["r", "new"] },
    { type, opts: [], rooms: ["r", "new"] },
    { type, opts: {}, rooms: ["r", "new"] },
    { type, opts: { rooms: [] }, rooms: "r" },
    { type, opts: { rooms: [] }, rooms: "new" },
    { type, opts: { rooms: [] }, rooms: [] },
    { type, opts: { rooms: [] } },
    { type, opts: null, rooms: ["r"] },
    { type: String(type), opts: { rooms: [] }, rooms: ["r", "new"] },
  ]),
  ...[true, false, undefined, null, 0, 1, "yes"].map((close) => ({
    type: 4,
    opts: { rooms: ["r"], except: [] },
    close,
  })),
  { type: 4, opts: { rooms: ["x"] }, close: true },
  { type: 4, opts: { rooms: "r" }, close: true },
  { type: 4, opts: { rooms: null }, close: true },
  { type: 4, opts: { room: "x" }, close: true },
  { type: 4, opts: [], close: true },
  { type: 4, opts: {}, close: true },
  { type: 4, close: true },
  { uid: "emitter", type: 6, data: ["told", 1, { a: [] }] },
  { type: 6, data: ["told"] },
  { uid: null, type: 6, data: ["told", null] },
  { uid: 5, type: 6, data: ["told", "x"] },
  { type: 6, data: [5] },
  { type: 6, data: [] },
  { type: 6, data: "told" },
  { type: 6, data: {} },
  { type: 6, data: ["connection", {}] },
  { type: 6, data: ["error", "x"] },
  { type: 6 },
];
