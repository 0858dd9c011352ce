// WebSocket frames from the server (RFC 6455, 5.2; RFC 7692 for compressed ones), built once and written to any number of sockets.
import { constants, deflateRawSync } from "node:zlib";

/** Payloads up to this size are sent as they are: compressing them costs many times what it saves. */
export const COMPRESS_ABOVE_BYTES = 1024;

/** First byte: FIN and opcode 1, a whole text message. */
const TEXT = 0x81;
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
