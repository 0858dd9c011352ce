// What goes over the wire: WebSocket frames of a client (RFC 6455, 5.2), whole, in pieces, and such as the protocol forbids.
import type { Random } from "../support/random.ts";
import { MAX_MESSAGE_BYTES } from "./texts.ts";

/** Opcodes. */
const CONTINUATION = 0x0;
const TEXT = 0x1;
const BINARY = 0x2;
/** @see clientFrame */
export const CLOSE = 0x8;
const PING = 0x9;
/** @see clientFrame */
export const PONG = 0xa;
const FIN = 0x80;
const MASKED = 0x80;

/** A masked frame. */
export function clientFrame(opcode: number, payload: Buffer, first = FIN | opcode): Buffer {
  const { length } = payload;
  const mask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);
  const masked = Buffer.allocUnsafe(length);
  for (let index = 0; index < length; index++) masked[index] = (payload[index] ?? 0) ^ (mask[index & 3] ?? 0);
  const header = length < 126 ? Buffer.alloc(2) : length < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10);
  header[0] = first;
  if (length < 126) header[1] = MASKED | length;
  else if (length < 65_536) {
    header[1] = MASKED | 126;
    header.writeUInt16BE(length, 2);
  } else {
    header[1] = MASKED | 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([header, mask, masked]);
}

/** A ping with a payload of one's choice, whose pong shows that everything before it has been read. */
export function ping(payload: string): Buffer {
  return clientFrame(PING, Buffer.from(payload));
}

/** A text message, now and then in several frames with a ping between them. */
export function message(text: string, random: Random): Buffer {
  const payload = Buffer.from(text);
  if (!random.oneIn(10) || payload.length < 4) return clientFrame(TEXT, payload);
  const pieces: Buffer[] = [];
  const size = Math.max(1, Math.ceil(payload.length / (2 + random.below(6))));
  for (let at = 0; at < payload.length; at += size) {
    const isLast = at + size >= payload.length;
    const opcode = at === 0 ? TEXT : CONTINUATION;
    pieces.push(clientFrame(opcode, payload.subarray(at, at + size), (isLast ? FIN : 0) | opcode));
    if (random.oneIn(3) && !isLast) pieces.push(clientFrame(PING, random.bytes(random.below(125))));
  }
  return Buffer.concat(pieces);
}

/** Control frames that are allowed: pings to no ping, with any payload. */
export function oddControl(random: Random): Buffer {
  const payload = random.pick([
    Buffer.alloc(0),
    Buffer.from("1"),
    Buffer.from("99999"),
    Buffer.from("-1"),
    random.bytes(125),
  ]);
  return clientFrame(random.pick([PONG, PING]), payload);
}

/** Something after which the server must close the connection, or a client that just goes. */
export function violation(random: Random): Buffer {
  const payload = random.bytes(random.below(40));
  switch (random.below(13)) {
    case 0:
      return clientFrame(BINARY, payload);
    case 1:
      return clientFrame(TEXT, Buffer.from([0xc3, 0x28, 0xff])); // no UTF-8
    case 2:
      return clientFrame(CONTINUATION, payload); // of nothing
    case 3:
      return clientFrame(random.pick([0x3, 0x7, 0xb, 0xf]), payload);
    case 4:
      return clientFrame(TEXT, payload, FIN | TEXT | random.pick([0x10, 0x20, 0x40, 0x70])); // reserved bits, broken deflate
    case 5:
      return clientFrame(random.pick([PING, CLOSE]), random.bytes(126));
    case 6:
      return clientFrame(PING, payload, PING); // in pieces
    case 7:
      return clientFrame(CLOSE, Buffer.from([0x03, random.pick([0xe8, 0xed, 0xee, 0xff]), 0xff]));
    case 8:
      return clientFrame(CLOSE, random.pick([Buffer.alloc(0), Buffer.from([3]), Buffer.from([0x03, 0xe8])]));
    case 9:
      return Buffer.from([FIN | TEXT, 5, ...Buffer.from("plain")]); // not masked
    case 10:
      return Buffer.from([FIN | TEXT, MASKED | 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    case 11:
      return clientFrame(TEXT, Buffer.alloc(MAX_MESSAGE_BYTES + 1, 0x20));
    default:
      return random.bytes(200);
  }
}

/** The whole frames at the start of what a server sent (never masked), and what is left of the next one. */
export function serverFrames(data: Buffer): { frames: { opcode: number; payload: Buffer }[]; left: Buffer } {
  const frames: { opcode: number; payload: Buffer }[] = [];
  let at = 0;
  while (data.length - at >= 2) {
    const short = data[at + 1] ?? 0;
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (data.length - at < header) break;
    const length = short < 126 ? short : short === 126 ? data.readUInt16BE(at + 2) : data.readUInt32BE(at + 6);
    if (data.length - at < header + length) break;
    frames.push({ opcode: (data[at] ?? 0) & 0xf, payload: data.subarray(at + header, at + header + length) });
    at += header + length;
  }
  return { frames, left: data.subarray(at) };
}
