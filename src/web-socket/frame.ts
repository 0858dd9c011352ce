// WebSocket frames from the server (RFC 6455, 5.2; RFC 7692 for compressed ones), built once and written to any number of sockets.
import { constants, deflateRawSync } from "node:zlib";

/** Payloads up to this size are sent as they are: compressing them costs many times what it saves. */
export const COMPRESS_ABOVE_BYTES = 1024;

/** First byte: FIN and opcode 1, a whole text message. */
const TEXT = 0x81;
/** The same for a binary message, and for a close frame. */
const BINARY = 0x82;
const CLOSE_OPCODE = 0x88;
/** What stands for a close frame without a code, and for none (RFC 6455, 7.4.1): never sent. */
const NO_CODE = 1005;
const ABNORMAL = 1006;
/** A control frame holds 125 bytes, two of which are the code. */
const MAX_REASON_BYTES = 123;
/** RSV1: the payload is compressed. */
const COMPRESSED = 0x40;
/** A sync flush ends with an empty block, which is not sent (RFC 7692, 7.2.1). */
const EMPTY_BLOCK_BYTES = 4;

/** A whole text message in one unmasked frame. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const start = headerLength(length);
  const frame = Buffer.allocUnsafe(start + length);
  writeHeader(frame, TEXT, length);
  frame.write(text, start);
  return frame;
}

/**
 * The same message compressed, on its own (no context takeover), with the full window of 32 KB. Level 1: on a thread that has
 * thousands of connections to serve, the last tenth of size is not worth three times the time.
 */
export function compressedFrame(text: string): Buffer {
  const deflated = deflateRawSync(text, { level: 1, finishFlush: constants.Z_SYNC_FLUSH });
  const length = deflated.length - EMPTY_BLOCK_BYTES;
  const start = headerLength(length);
  const frame = Buffer.allocUnsafe(start + length);
  writeHeader(frame, TEXT | COMPRESSED, length);
  deflated.copy(frame, start, 0, length);
  return frame;
}

/** A whole binary message in one unmasked frame. */
export function binaryFrame(data: Uint8Array): Buffer {
  return frameOf(BINARY, data);
}

/** A control frame with at most 125 bytes: a ping (0x89) or a pong (0x8a). */
export function controlFrame(first: number, payload: Uint8Array): Buffer {
  return frameOf(first, payload);
}

/** A close frame (RFC 6455, 5.5.1). Codes that only say that there was none are left out; a long reason is cut short. */
export function closeFrame(code: number, reason: string): Buffer {
  if (code === NO_CODE || code === ABNORMAL) return frameOf(CLOSE_OPCODE, Buffer.alloc(0));
  const text = Buffer.from(shortReason(reason));
  const payload = Buffer.allocUnsafe(2 + text.length);
  payload.writeUInt16BE(code);
  text.copy(payload, 2);
  return frameOf(CLOSE_OPCODE, payload);
}

/** A reason cut to what a close frame can hold, never within a character. */
export function shortReason(reason: string): string {
  if (Buffer.byteLength(reason) <= MAX_REASON_BYTES) return reason;
  const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(MAX_REASON_BYTES));
  return reason.slice(0, read);
}

function frameOf(first: number, payload: Uint8Array): Buffer {
  const start = headerLength(payload.length);
  const frame = Buffer.allocUnsafe(start + payload.length);
  writeHeader(frame, first, payload.length);
  frame.set(payload, start);
  return frame;
}

function headerLength(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}

function writeHeader(frame: Buffer, first: number, length: number): void {
  frame[0] = first;
  if (length < 126) {
    frame[1] = length;
  } else if (length < 65_536) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(length, 6);
  }
}
