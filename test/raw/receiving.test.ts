// What clients send at every endpoint, frame by frame: what is taken, and with which code the connection ends (RFC 6455, 5 and 7).
import { connect } from "node:net";
import { deflateRawSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Rig, startRig } from "./support/rig.ts";

const PATHS = [
  "/api/v1/ws/dashboard?token=1",
  "/?token=1",
  "/api/study-time?userId=1&courseId=2",
  "/ws?token=1",
  "/api/ws/connect?user_id=1",
];
const MASK = Buffer.from([1, 2, 3, 4]);
const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10] as const;
const FIN = 0x80;
const RSV1 = 0x40;

/** A frame; `lengthBytes` is 1, 3 or 9, however long the payload is. */
const frame = (first: number, payload: Buffer | string = "", { lengthBytes = 0, masked = true } = {}): Buffer => {
  const bytes = Buffer.from(payload);
  const used = lengthBytes || (bytes.length < 126 ? 1 : bytes.length < 65_536 ? 3 : 9);
  const header = Buffer.alloc(1 + used);
  header[0] = first;
  if (used === 1) header[1] = bytes.length;
  else if (used === 3) {
    header[1] = 126;
    header.writeUInt16BE(bytes.length, 2);
  } else {
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(bytes.length), 2);
  }
  if (masked) header[1] = (header[1] ?? 0) | 0x80;
  const body = masked ? bytes.map((byte, index) => byte ^ (MASK[index % 4] ?? 0)) : bytes;
  return Buffer.concat([header, masked ? MASK : Buffer.alloc(0), body]);
};
const close = (code: number, reason: Buffer | string = ""): Buffer =>
  frame(FIN | CLOSE, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]));
const compressed = (text: string): Buffer => deflateRawSync(text, { finishFlush: 2 }).subarray(0, -4);
const HALF = Buffer.from("é").subarray(0, 1);
const REST = Buffer.from("é").subarray(1);
/** Answered by an error frame in every dialect. */
const UNKNOWN = JSON.stringify({ type: "é" });
const SPLIT = Buffer.byteLength('{"type":"') + 1; // within the é

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({
    // Whoever is told goodbye here never answers it.
    engine: { times: { authFrameMs: 200, lingerMs: 200, ackPingMs: 20, closeTimeoutMs: 150 } },
    // Study time takes whatever is a heartbeat to its namespace, where the others say themselves that a frame means nothing.
    onSocket: (socket) => socket.on("heartbeat", (_payload, ack) => ack({ ok: true, studyTime: 0, status: "error" })),
  });
});
afterAll(() => rig.close());

/** What comes back for some bytes: text frames and pongs, the code of the close frame, and whether the server hangs up. */
type Heard = { readonly texts: number; readonly pongs: string[]; readonly code: number | undefined; ended: boolean };

type Talk = { heard(): Heard; send(bytes: Buffer): void };

const talk = async (path: string, sent: readonly Buffer[], extensions: string): Promise<Talk> => {
  const socket = connect(rig.port, "127.0.0.1");
  let bytes = Buffer.alloc(0);
  let ended = false;
  socket.on("data", (data: Buffer) => {
    bytes = Buffer.concat([bytes, data]);
  });
  socket.on("close", () => {
    ended = true;
  });
  socket.on("error", () => undefined);
  const key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${key}\r\n${extensions}\r\n`,
  );
  for (const part of sent) socket.write(part);
  return {
    heard: () => ({ ...readFrames(bytes.subarray(bytes.indexOf("\r\n\r\n") + 4)), ended }),
    send: (more) => void socket.write(more),
  };
};

/** Reads frames of the server: unmasked, and short in these tests. */
function readFrames(bytes: Buffer): Omit<Heard, "ended"> {
  let texts = 0;
  const pongs: string[] = [];
  let code: number | undefined;
  for (let at = 0; at + 2 <= bytes.length; ) {
    const [first = 0, length = 0] = bytes.subarray(at, at + 2);
    const from = at + (length === 126 ? 4 : 2);
    const to = from + (length === 126 ? bytes.readUInt16BE(at + 2) : length);
    const payload = bytes.subarray(from, to);
    if (first === (FIN | TEXT)) texts++;
    if (first === (FIN | PONG)) pongs.push(payload.toString("latin1"));
    if (first === (FIN | CLOSE)) code = payload.length === 0 ? 1005 : payload.readUInt16BE(0);
    at = to;
  }
  return { texts, pongs, code };
}

const DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

const CLOSED: readonly (readonly [what: string, sent: readonly Buffer[], code: number, extensions?: string])[] = [
  ["RSV1 without an extension", [frame(FIN | RSV1 | TEXT, UNKNOWN)], 1002],
  ["RSV2", [frame(FIN | 0x20 | TEXT, UNKNOWN)], 1002],
  ["RSV3", [frame(FIN | 0x10 | TEXT, UNKNOWN)], 1002],
  ["RSV2 of a compressed message", [frame(FIN | RSV1 | 0x20 | TEXT, compressed(UNKNOWN))], 1002, DEFLATE],
  ...[3, 4, 5, 6, 7].map((code) => [`opcode ${code}`, [frame(FIN | code)], 1002] as const),
  ...[11, 12, 13, 14, 15].map((code) => [`control opcode ${code}`, [frame(FIN | code)], 1002] as const),
  ["a frame without a mask", [frame(FIN | TEXT, UNKNOWN, { masked: false })], 1002],
  ["a ping without a mask", [frame(FIN | PING, "", { masked: false })], 1002],
  ["a ping in fragments", [frame(PING, "a"), frame(FIN | CONTINUATION, "b")], 1002],
  ["a ping of 126 bytes", [frame(FIN | PING, "x".repeat(126))], 1002],
  ["a close of 126 bytes", [close(1000, "x".repeat(124))], 1002],
  ["a compressed ping", [frame(FIN | RSV1 | PING, "x")], 1002, DEFLATE],
  ["a continuation of nothing", [frame(FIN | CONTINUATION, "x")], 1002],
  ["a continuation of a whole message", [frame(FIN | TEXT, UNKNOWN), frame(FIN | CONTINUATION, "x")], 1002],
  ["a message within a message", [frame(TEXT, "a"), frame(FIN | TEXT, "b")], 1002],
  ["a compressed continuation", [frame(TEXT, "a"), frame(FIN | RSV1 | CONTINUATION, "b")], 1002, DEFLATE],
  ["data that does not inflate", [frame(FIN | RSV1 | TEXT, Buffer.from([0xff, 0xff, 0xff]))], 1007, DEFLATE],
  [
    "a message that inflates to more than is allowed",
    [frame(FIN | RSV1 | TEXT, compressed(" ".repeat(70_000)))],
    1009,
    DEFLATE,
  ],
  ["text that is no UTF-8", [frame(FIN | TEXT, Buffer.from([0x22, 0xff, 0x22]))], 1007],
  ["half a character at the end", [frame(TEXT, '"'), frame(FIN | CONTINUATION, HALF)], 1007],
  ["a surrogate in UTF-8", [frame(FIN | TEXT, Buffer.from([0xed, 0xa0, 0x80]))], 1007],
  ["an overlong form in UTF-8", [frame(FIN | TEXT, Buffer.from([0xc0, 0xaf]))], 1007],
  ["a code point beyond the last", [frame(FIN | TEXT, Buffer.from([0xf4, 0x90, 0x80, 0x80]))], 1007],
  ["a close of one byte", [frame(FIN | CLOSE, "x")], 1002],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map(
    (code) => [`a close with the code ${code}`, [close(code)], 1002] as const,
  ),
  ["a reason that is no UTF-8", [close(1000, Buffer.from([0xff]))], 1007],
  ["a length with its highest bit", [Buffer.from([FIN | TEXT, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, ...MASK])], 1002],
  ["a binary message", [frame(FIN | BINARY, "{}")], 1003],
  ["a binary message in fragments", [frame(BINARY, "{"), frame(FIN | CONTINUATION, "}")], 1003],
  ["a message that is too big", [frame(FIN | TEXT, "x".repeat(70_000))], 1009],
  [
    "fragments that are too big",
    [frame(TEXT, "x".repeat(40_000)), frame(FIN | CONTINUATION, "x".repeat(40_000))],
    1009,
  ],
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1014, 3000, 4999].map(
    (code) => [`a close with the code ${code}, that is given back`, [close(code, "é")], code] as const,
  ),
  ["a close without a code, that is given back", [frame(FIN | CLOSE)], 1005],
  ["a close, and data behind it", [close(1000), frame(FIN | TEXT, UNKNOWN), frame(FIN | PING, "late")], 1000],
];

test.each(CLOSED.map(([what, sent, code, extensions = ""]) => ({ what, sent, code, extensions })))(
  "$what ends the connection",
  async ({ sent, code, extensions }) => {
    for (const { heard } of await Promise.all(PATHS.map((path) => talk(path, sent, extensions)))) {
      await eventually(() => heard().ended);
      expect(heard()).toMatchObject({ code, pongs: [] });
    }
  },
);

const TAKEN: readonly (readonly [what: string, sent: readonly Buffer[], extensions?: string])[] = [
  ["in one frame", [frame(FIN | TEXT, UNKNOWN)]],
  [
    "whose character is split over two frames",
    [
      frame(TEXT, Buffer.from(UNKNOWN).subarray(0, SPLIT)),
      frame(FIN | CONTINUATION, Buffer.from(UNKNOWN).subarray(SPLIT)),
    ],
  ],
  [
    "in fragments with empty ones and pings between",
    [
      frame(TEXT),
      frame(CONTINUATION, UNKNOWN),
      frame(FIN | PING, "between"),
      frame(CONTINUATION),
      frame(FIN | CONTINUATION),
    ],
  ],
  ["with a length of 16 bits that needs none", [frame(FIN | TEXT, UNKNOWN, { lengthBytes: 3 })]],
  ["with a length of 64 bits that needs none", [frame(FIN | TEXT, UNKNOWN, { lengthBytes: 9 })]],
  ["byte by byte", [...frame(FIN | TEXT, UNKNOWN)].map((byte) => Buffer.from([byte]))],
  ["after a pong that nobody asked for", [frame(FIN | PONG, "what?"), frame(FIN | TEXT, UNKNOWN)]],
  ["compressed", [frame(FIN | RSV1 | TEXT, compressed(UNKNOWN))], DEFLATE],
  [
    "compressed, in fragments",
    [
      frame(RSV1 | TEXT, compressed(UNKNOWN).subarray(0, 5)),
      frame(FIN | CONTINUATION, compressed(UNKNOWN).subarray(5)),
    ],
    DEFLATE,
  ],
  ["compressed, and empty", [frame(FIN | RSV1 | TEXT, compressed(""))], DEFLATE],
  [
    "compressed, whose first and last fragments are empty",
    [frame(RSV1 | TEXT), frame(CONTINUATION, compressed(UNKNOWN)), frame(FIN | CONTINUATION)],
    DEFLATE,
  ],
  ["plain, where compression was agreed", [frame(FIN | TEXT, UNKNOWN)], DEFLATE],
];

test.each(TAKEN.map(([what, sent, extensions = ""]) => ({ what, sent, extensions })))(
  "a message $what is taken",
  async ({ sent, extensions }) => {
    const all = [...sent, frame(FIN | PING, REST)];
    for (const { heard, send } of await Promise.all(PATHS.map((path) => talk(path, all, extensions)))) {
      await eventually(() => heard().texts === 1 && heard().pongs.at(-1) === REST.toString("latin1"));
      send(close(1000));
      await eventually(() => heard().ended);
      expect(heard()).toMatchObject({ code: 1000, texts: 1 });
    }
  },
);
