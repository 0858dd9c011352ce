// Reads a client's WebSocket frames (RFC 6455, 5; RFC 7692 for compressed ones): from bytes as they come to whole messages.
import { isUtf8 } from "node:buffer";
import { constants, inflateRawSync } from "node:zlib";

/** Why a stream of bytes is no WebSocket's: the close code that says so (RFC 6455, 7.4.1), and what was wrong. */
export interface ReceiveFault {
  readonly code: 1002 | 1007 | 1009;
  readonly reason: string;
}

/** Who hears what was read. None of them may throw; each may pause the receiver. */
export interface ReceiverOwner {
  /** A whole message. Text is valid UTF-8. The buffer is the owner's. */
  onMessage(data: Buffer, isBinary: boolean): void;
  onPing(payload: Buffer): void;
  onPong(payload: Buffer): void;
  /** The client's close frame, after which nothing is read; 1005 where it had no code (RFC 6455, 7.1.5). */
  onCloseFrame(code: number): void;
  /** Nothing that follows makes sense. */
  onFault(fault: ReceiveFault): void;
}

const CONTINUATION = 0;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

const NONE = Buffer.alloc(0);
/** A sync flush ends with an empty block, which the sender leaves out (RFC 7692, 7.2.2). */
const EMPTY_BLOCK = Buffer.from([0, 0, 0xff, 0xff]);
const NO_CODE = 1005;
/** The longest payload of a control frame (RFC 6455, 5.5). */
const CONTROL_BYTES = 125;
/** The longest header: two bytes, eight of length, four of mask. */
const HEADER_BYTES = 14;

/** The frame that is being read. */
interface Header {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly isCompressed: boolean;
  readonly length: number;
  /** Where the mask begins, and the payload after it. */
  readonly maskAt: number;
}

/** A message that came in parts so far. */
interface Message {
  readonly opcode: number;
  readonly isCompressed: boolean;
  readonly parts: Buffer[];
  length: number;
}

/** The reading side of one WebSocket. While nothing is half read it holds nothing. */
export class Receiver {
  readonly #owner: ReceiverOwner;
  readonly #maxMessageBytes: number;
  readonly #inflates: boolean;
  /** What has come and is not read yet; joined only when there is enough, or one byte at a time would cost the square. */
  #chunks: Buffer[] | undefined;
  #waiting = 0;
  /** Bytes without which there is no point in looking again. */
  #needed = 2;
  #message: Message | undefined;
  #state: "reading" | "paused" | "over" = "reading";

  /**
   * @param maxMessageBytes of a message in all its frames, inflated
   * @param inflates whether permessage-deflate was agreed on, without the client's context takeover
   */
  constructor(owner: ReceiverOwner, maxMessageBytes: number, inflates: boolean) {
    this.#owner = owner;
    this.#maxMessageBytes = maxMessageBytes;
    this.#inflates = inflates;
  }

  /** Takes what has come. */
  receive(chunk: Buffer): void {
    if (this.#state === "over" || chunk.length === 0) return;
    this.#waiting += chunk.length;
    if (this.#chunks === undefined && this.#waiting >= this.#needed && this.#state === "reading") {
      this.#read(chunk);
      return;
    }
    this.#chunks ??= [];
    this.#chunks.push(chunk);
    this.#readOn();
  }

  /** Reads nothing more until `resume`, not even what has come. */
  pause(): void {
    if (this.#state === "reading") this.#state = "paused";
  }

  /** Reads on; false when what had come has paused it again. */
  resume(): boolean {
    if (this.isPaused) {
      this.#state = "reading";
      this.#readOn();
    }
    return !this.isPaused;
  }

  get isPaused(): boolean {
    return this.#state === "paused";
  }

  /** Forgets everything: nobody listens any more. */
  end(): void {
    this.#state = "over";
    this.#chunks = undefined;
    this.#message = undefined;
  }

  #readOn(): void {
    const chunks = this.#chunks;
    if (chunks === undefined || this.#waiting < this.#needed || this.#state !== "reading") return;
    this.#chunks = undefined;
    const [first = NONE] = chunks;
    this.#read(chunks.length === 1 ? first : Buffer.concat(chunks, this.#waiting));
  }

  /** Reads all whole frames of these bytes, and keeps the rest. */
  #read(bytes: Buffer): void {
    let at = 0;
    while (this.#state === "reading") {
      this.#needed = 2;
      const header = bytes.length - at < 2 ? undefined : this.#header(bytes, at);
      if (header === undefined) break;
      const begin = header.maskAt + 4;
      const end = begin + header.length;
      if (end > bytes.length) {
        this.#needed = end - at;
        break;
      }
      unmask(bytes, header.maskAt, begin, end);
      at = end;
      this.#take(header, bytes.subarray(begin, end));
    }
    this.#waiting = bytes.length - at;
    if (this.#state === "over") this.end();
    else if (this.#waiting > 0) this.#chunks = [at === 0 ? bytes : Buffer.from(bytes.subarray(at))];
  }

  /** The header at this place, or undefined where it is not all there yet or makes no sense. */
  #header(bytes: Buffer, at: number): Header | undefined {
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1] ?? 0;
    const opcode = first & 15;
    const isFinal = (first & 0x80) !== 0;
    const isCompressed = (first & 0x40) !== 0;
    const short = second & 127;
    const fault = this.#faultOf(first, second);
    if (fault !== undefined) return this.#fail(1002, fault);
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const maskAt = at + 2 + lengthBytes;
    if (bytes.length < maskAt + 4) {
      this.#needed = Math.min(HEADER_BYTES, 6 + lengthBytes);
      return undefined;
    }
    let length = short;
    if (lengthBytes === 2) length = bytes.readUInt16BE(at + 2);
    else if (lengthBytes === 8) length = bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
    if (length > Number.MAX_SAFE_INTEGER && (bytes[at + 2] ?? 0) >= 0x80)
      return this.#fail(1002, "the length is no length");
    if (opcode < CLOSE && (this.#message?.length ?? 0) + length > this.#maxMessageBytes) return this.#tooBig();
    return { opcode, isFinal, isCompressed, length, maskAt };
  }

  /** What is wrong with the first two bytes of a frame. */
  #faultOf(first: number, second: number): string | undefined {
    const opcode = first & 15;
    if ((first & 0x30) !== 0) return "a reserved bit is set";
    if ((second & 0x80) === 0) return "the frame is not masked";
    if ((opcode > BINARY && opcode < CLOSE) || opcode > PONG) return `the opcode ${opcode} is reserved`;
    const isCompressed = (first & 0x40) !== 0;
    if (isCompressed && (!this.#inflates || opcode === CONTINUATION || opcode >= CLOSE)) return "RSV1 is set";
    if (opcode >= CLOSE) {
      if ((first & 0x80) === 0) return "a control frame is fragmented";
      return (second & 127) > CONTROL_BYTES ? "a control frame is too long" : undefined;
    }
    if (opcode === CONTINUATION) return this.#message === undefined ? "there is nothing to continue" : undefined;
    return this.#message === undefined ? undefined : "the message before has not ended";
  }

  #take(header: Header, payload: Buffer): void {
    const { opcode } = header;
    if (opcode === CLOSE) this.#closeFrame(payload);
    else if (opcode === PING) this.#owner.onPing(Buffer.from(payload));
    else if (opcode === PONG) this.#owner.onPong(payload);
    else this.#data(header, payload);
  }

  #data({ opcode, isFinal, isCompressed }: Header, payload: Buffer): void {
    const message = this.#message;
    if (message === undefined && isFinal) {
      this.#whole(opcode, isCompressed, payload);
      return;
    }
    // A part may be a view of something larger; what is kept for long is copied.
    if (message === undefined) {
      this.#message = { opcode, isCompressed, parts: [Buffer.from(payload)], length: payload.length };
      return;
    }
    message.parts.push(isFinal ? payload : Buffer.from(payload));
    message.length += payload.length;
    if (!isFinal) return;
    this.#message = undefined;
    this.#whole(message.opcode, message.isCompressed, Buffer.concat(message.parts, message.length));
  }

  #whole(opcode: number, isCompressed: boolean, payload: Buffer): void {
    const data = isCompressed ? this.#inflate(payload) : payload;
    if (data === undefined) return;
    if (opcode === BINARY) this.#owner.onMessage(Buffer.from(data), true);
    else if (isUtf8(data)) this.#owner.onMessage(data, false);
    else this.#fail(1007, "the text is not UTF-8");
  }

  #inflate(payload: Buffer): Buffer | undefined {
    try {
      return inflateRawSync(Buffer.concat([payload, EMPTY_BLOCK]), {
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: this.#maxMessageBytes,
      });
    } catch (error) {
      const isTooBig = (error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE";
      return isTooBig ? this.#tooBig() : this.#fail(1007, "the compressed message cannot be read");
    }
  }

  #closeFrame(payload: Buffer): void {
    const code = payload.length === 0 ? NO_CODE : payload.length === 1 ? 0 : payload.readUInt16BE(0);
    if (payload.length > 0 && !isCloseCode(code)) this.#fail(1002, "the close code is not valid");
    else if (!isUtf8(payload.subarray(2))) this.#fail(1007, "the reason is not UTF-8");
    else {
      this.#state = "over";
      this.#owner.onCloseFrame(code);
    }
  }

  #tooBig(): undefined {
    return this.#fail(1009, `messages have at most ${this.#maxMessageBytes} bytes`);
  }

  #fail(code: ReceiveFault["code"], reason: string): undefined {
    this.#state = "over";
    this.#owner.onFault({ code, reason });
    return undefined;
  }
}

/** Codes that a close frame may carry (RFC 6455, 7.4; the registry of IANA as of 2024 for those below 3000). */
function isCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}

/** Takes the mask off, in place. */
function unmask(bytes: Buffer, maskAt: number, begin: number, end: number): void {
  const a = bytes[maskAt] ?? 0;
  const b = bytes[maskAt + 1] ?? 0;
  const c = bytes[maskAt + 2] ?? 0;
  const d = bytes[maskAt + 3] ?? 0;
  if ((a | b | c | d) === 0) return;
  let at = begin;
  for (; at + 4 <= end; at += 4) {
    bytes[at] = (bytes[at] ?? 0) ^ a;
    bytes[at + 1] = (bytes[at + 1] ?? 0) ^ b;
    bytes[at + 2] = (bytes[at + 2] ?? 0) ^ c;
    bytes[at + 3] = (bytes[at + 3] ?? 0) ^ d;
  }
  if (at < end) bytes[at] = (bytes[at] ?? 0) ^ a;
  if (at + 1 < end) bytes[at + 1] = (bytes[at + 1] ?? 0) ^ b;
  if (at + 2 < end) bytes[at + 2] = (bytes[at + 2] ?? 0) ^ c;
}
