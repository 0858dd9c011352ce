// Texts that a hostile or broken client might send: nearly right, reserved, polluting, deep, huge, and no JSON at all.
import type { Random } from "../support/random.ts";

/** The largest inbound message of the server under fire. */
export const MAX_MESSAGE_BYTES = 65_536;

const TYPES = [
  "ping",
  "heartbeat",
  "auth",
  "subscribe",
  "unsubscribe",
  "join_room",
  "leave_room",
  "room_message",
  "user_message",
  "chat",
  "typing",
] as const;

/** Names that mean something to Socket.IO, to EventEmitter or to JavaScript itself. */
const RESERVED = [
  "connect",
  "connect_error",
  "connection",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
  "error",
  "close",
  "ack",
  "refresh_token",
  "presence",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "then",
] as const;

const FIELDS = ["channel", "content", "timestamp", "to", "token", "room", "text", "from", "since", "data"] as const;
const CHANNELS = ["notifications/1", "run-results/a", "rooms/r1", "messages/1", "rooms/../x", "dashboard/1", "a/b", ""];
const POLLUTION = '{"polluted":true,"toJSON":null,"then":1,"length":1e9}';

/** One text. */
export function text(random: Random): string {
  switch (random.below(9)) {
    case 0:
      return frame(random.pick(TYPES), random);
    case 1:
      return frame(random.pick(RESERVED), random);
    case 2:
      return frame(value(random), random);
    case 3:
      return `{"__proto__":${POLLUTION},"constructor":{"prototype":${POLLUTION}},"type":"${random.pick(TYPES)}","content":{"__proto__":${POLLUTION},"room":"r1","text":"t","to":"1"}}`;
    case 4:
      return deep(random);
    case 5:
      return random.oneIn(12) ? huge(random) : frame(random.pick(TYPES), random);
    case 6:
      return packet(random);
    case 7:
      return broken(random);
    default:
      return JSON.stringify(value(random));
  }
}

function frame(type: unknown, random: Random): string {
  const fields: Record<string, unknown> = { type };
  for (let i = random.below(4); i > 0; i--) fields[random.pick(FIELDS)] = value(random);
  if (random.oneIn(3)) fields["channel"] = random.pick(CHANNELS);
  if (random.oneIn(3)) fields["content"] = { room: "r1", to: "1", text: value(random) };
  return JSON.stringify(fields);
}

/** Any value of JSON, most of them wrong where they stand. */
export function value(random: Random): unknown {
  switch (random.below(10)) {
    case 0:
      return null;
    case 1:
      return random.pick([0, -1, 1e308, 1.5, Number.MAX_SAFE_INTEGER, -0]);
    case 2:
      return random.oneIn(2);
    case 3:
      return random.pick(["", " ", "\u0000", "\ud800", "题", "../..", "%00", "a".repeat(200), "2025-12-26T14:05:30Z"]);
    case 4:
      return Array.from({ length: random.below(5) }, () => value(random));
    case 5:
      return { [random.pick(RESERVED)]: value(random) };
    case 6:
      return random.pick(CHANNELS);
    case 7:
      return { _placeholder: true, num: random.below(3) };
    default:
      return random.pick(TYPES);
  }
}

function deep(random: Random): string {
  const depth = random.oneIn(10) ? random.pick([1000, 10_000]) : random.pick([31, 32, 33, 34, 35, 64]);
  const [open, close] = random.oneIn(2) ? ["[", "]"] : ['{"a":', "}"];
  const nested = `${open.repeat(depth)}1${close.repeat(depth)}`;
  return random.oneIn(3) ? nested : `{"type":"${random.pick(TYPES)}","content":${nested},"to":"1"}`;
}

function huge(random: Random): string {
  const length = random.pick([1000, 30_000, MAX_MESSAGE_BYTES - 40, MAX_MESSAGE_BYTES + 1]);
  switch (random.below(3)) {
    case 0:
      return `{"type":"chat","content":"${"x".repeat(length)}"}`.slice(0, length);
    case 1:
      return `{"type":"subscribe","channel":[${"0,".repeat(length / 2 - 30)}0]}`;
    default:
      return `{"type":"heartbeat",${Array.from({ length: length / 12 }, (_, i) => `"k${i}":1`).join()}}`;
  }
}

/** Packets of Socket.IO's own protocol, which mean nothing in a dialect, and garbled ones. */
function packet(random: Random): string {
  const payload = JSON.stringify([random.pick([...RESERVED, ...TYPES]), value(random)]);
  const nsp = random.pick(["", "/channels,", "/dashboard,", "/study-time,", "/nowhere,", "/", "/channels"]);
  const type = random.pick([
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "51-",
    "52-",
    "59999999-",
    "6",
    "61-",
    "7",
    "9",
    "x",
    "40",
    "41",
    "42",
    "43",
    "451-",
  ]);
  return `${type}${nsp}${random.pick(["", "0", "7", "99999999999999999999", "-1"])}${random.oneIn(4) ? broken(random) : payload}`;
}

/** Something that is hardly JSON. */
export function broken(random: Random): string {
  const whole = JSON.stringify({ type: random.pick(TYPES), content: value(random) });
  switch (random.below(4)) {
    case 0:
      return whole.slice(0, random.below(whole.length));
    case 1:
      return random.bytes(random.below(60)).toString("latin1");
    case 2:
      return whole.replace(/[:,"]/, random.pick(["", ";", "\n", "'", "NaN", "//"]));
    default:
      return random.pick(["", " ", "null", "undefined", "NaN", "[", "{", '"', "-", "1e999", "\ufeff{}", "{}{}", "/*"]);
  }
}
