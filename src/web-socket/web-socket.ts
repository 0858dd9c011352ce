// A server's WebSocket on a socket that was upgraded (RFC 6455): reads messages, writes frames made by others, closes as it should.
import type { Duplex } from "node:stream";
import { type PauseReason, Reading } from "../connection/reading.ts";
import { closeFrame, controlFrame } from "./frame.ts";
import { type ReceiveFault, Receiver, type ReceiverOwner } from "./receiver.ts";

/** Who hears a WebSocket. */
export interface WebSocketReader {
  /** A whole message. Text is valid UTF-8. */
  onMessage(data: Buffer, isBinary: boolean): void;
  /** A ping, which has been answered. */
  onPing(): void;
  onPong(payload: Buffer): void;
  /** What the client sends is no WebSocket's; it is being closed with a code that says so. */
  onFault(fault: ReceiveFault): void;
  /** It is gone. `code` is the client's: 1005 if its close frame had none, 1006 if there was no such frame. */
  onClose(code: number): void;
}

/** Its settings. */
export interface WebSocketOptions {
  /** Messages above are answered with close code 1009. */
  readonly maxMessageBytes: number;
  /** permessage-deflate was agreed on, without context takeover of the client. */
  readonly inflates: boolean;
  /** How long the client may take to answer a close frame, in milliseconds. */
  readonly closeTimeoutMs: number;
}

const ABNORMAL = 1006;
const NORMAL = 1000;
const PING = 0x89;
const PONG = 0x8a;
/** Unsent bytes of a client above which its pings are not answered: whoever only pings and never reads must cost nothing. */
const MOST_UNSENT_BYTES = 65_536;
/**
 * Bytes that are read in one turn of the event loop: at first, and at most; each further piece of a chunk is twice as large. A chunk
 * of 64 KB can be thousands of small frames, which would all be handled before anybody else is.
 */
const SLICE_BYTES = 1_024;
const MOST_BYTES = 16_384;

/** Where the WebSocket is kept with its socket, so that listeners are functions which all sockets share. */
const WEB_SOCKET = Symbol("WebSocket");
type Upgraded = Duplex & { [WEB_SOCKET]?: WebSocket };

/** One WebSocket. */
export class WebSocket implements ReceiverOwner {
  reader: WebSocketReader;
  /** What it runs over. Whole frames may be written there while it is open. */
  readonly socket: Duplex;
  #state: "open" | "closing" | "closed" = "open";
  readonly #receiver: Receiver;
  readonly #closeTimeoutMs: number;
  #timer: NodeJS.Timeout | undefined;
  /** What the client's close frame said. */
  #code = ABNORMAL;
  #isPaused = false;
  /** What has come and is read in later turns, and how much of it in the next. */
  #rest: Buffer | undefined;
  #next = SLICE_BYTES;
  #isDue = false;
  /** The reasons not to read, once there was one. */
  #reading: Reading | undefined;
  #slices: { most: number } | undefined;

  /** @param head what came with the upgrade request; it is read in the next tick */
  constructor(socket: Duplex, head: Buffer, reader: WebSocketReader, options: WebSocketOptions) {
    this.reader = reader;
    this.socket = socket;
    this.#closeTimeoutMs = options.closeTimeoutMs;
    this.#receiver = new Receiver(this, options.maxMessageBytes, options.inflates);
    const upgraded: Upgraded = socket;
    upgraded[WEB_SOCKET] = this;
    if (head.length > 0) socket.unshift(head);
    socket.on("data", onData);
    socket.on("end", onEnd);
    socket.on("error", onError);
    socket.on("close", onClosed);
  }

  /** Open until one side begins to close; closed when the socket is gone. */
  get state(): "open" | "closing" | "closed" {
    return this.#state;
  }

  /** It sends too much at this moment, and so does what has been read already. */
  get isAboveRate(): boolean {
    return this.#reading?.isAboveRate ?? false;
  }

  /** Sends a ping with up to 125 bytes. */
  ping(payload: string): void {
    if (this.#state === "open") this.socket.write(controlFrame(PING, Buffer.from(payload)));
  }

  /** Reads nothing more, and lets the client feel it, until `resumeFor` the same reason. */
  pauseFor(reason: PauseReason): void {
    this.#readingOrNew().pause(reason);
  }

  /** Reads on, unless there is another reason not to. */
  resumeFor(reason: PauseReason): void {
    this.#reading?.resume(reason);
  }

  /** Reads nothing for `ms` milliseconds: the client is above its rate. */
  throttle(ms: number): void {
    this.#readingOrNew().pauseFor(ms);
  }

  /** Sends a close frame; the socket ends when the client has answered, or after the time for that. Again does nothing. */
  close(code: number = NORMAL, reason = ""): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.socket.write(closeFrame(code, reason));
    this.#hangUpLater();
    if (this.#reading === undefined) return;
    this.#reading.resume("held"); // its answer must be read
    this.#reading.ended(); // unless it sends too much
  }

  /** Ends the socket without a word. */
  terminate(): void {
    this.socket.destroy();
  }

  /** For `Reading` alone. */
  pause(): void {
    this.#isPaused = true;
    this.#receiver.pause();
    this.socket.pause();
  }

  /** For `Reading` alone. */
  resume(): void {
    this.#isPaused = false;
    if (this.#receiver.resume()) this.#readOn();
  }

  /** For its socket alone. */
  receive(chunk: Buffer): void {
    if (this.#rest !== undefined) {
      this.#rest = Buffer.concat([this.#rest, chunk]); // a paused socket may still have one chunk to give
      return;
    }
    if (chunk.length <= SLICE_BYTES) {
      this.#receiver.receive(chunk);
      return;
    }
    this.#rest = chunk;
    this.#next = SLICE_BYTES;
    this.socket.pause();
    this.#readPiece();
  }

  onMessage(data: Buffer, isBinary: boolean): void {
    if (this.#state === "open") this.reader.onMessage(data, isBinary);
  }

  onPing(payload: Buffer): void {
    if (this.#state !== "open") return;
    if (this.socket.writableLength <= MOST_UNSENT_BYTES) this.socket.write(controlFrame(PONG, payload));
    this.reader.onPing();
  }

  onPong(payload: Buffer): void {
    this.reader.onPong(payload);
  }

  onCloseFrame(code: number): void {
    this.#code = code;
    if (this.#state === "open") {
      this.#state = "closing";
      this.socket.write(closeFrame(code, ""));
      this.#hangUpLater();
    }
    this.socket.end();
  }

  onFault(fault: ReceiveFault): void {
    this.reader.onFault(fault);
    this.close(fault.code, fault.reason);
  }

  /** For its socket alone: the client has ended its side, with a close frame or without. */
  ended(): void {
    if (this.#rest !== undefined) return; // there is more to read before its end
    this.#receiver.end();
    this.socket.end();
    if (this.#state === "open") this.#state = "closing";
    this.#hangUpLater();
  }

  /** For its socket alone: it is gone. */
  closed(): void {
    clearTimeout(this.#timer);
    this.#state = "closed";
    this.#receiver.end();
    this.#rest = undefined;
    this.reader.onClose(this.#code);
  }

  /** Reads the next piece of what has come, and the one after it in the next turn. */
  #readPiece(): void {
    const rest = this.#rest;
    if (rest === undefined || this.#isPaused) return;
    const size = Math.min(this.#next, this.#slices?.most ?? MOST_BYTES);
    this.#next = 2 * size;
    this.#rest = rest.length <= size ? undefined : rest.subarray(size);
    this.#receiver.receive(rest.subarray(0, size));
    this.#readOn();
  }

  /** Goes on with what has come, else with the socket; ends where that has ended meanwhile. */
  #readOn(): void {
    if (this.#isPaused) return;
    if (this.#rest === undefined) {
      if (this.socket.readableEnded) this.ended();
      else this.socket.resume();
      return;
    }
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#readPiece();
    });
  }

  #readingOrNew(): Reading {
    this.#slices ??= { most: MOST_BYTES };
    this.#reading ??= new Reading(this, this.#slices);
    return this.#reading;
  }

  #hangUpLater(): void {
    this.#timer ??= setTimeout(() => this.socket.destroy(), this.#closeTimeoutMs);
  }
}

function onData(this: Upgraded, chunk: Buffer): void {
  this[WEB_SOCKET]?.receive(chunk);
}

function onEnd(this: Upgraded): void {
  this[WEB_SOCKET]?.ended();
}

function onError(this: Upgraded): void {
  this.destroy(); // its close follows
}

function onClosed(this: Upgraded): void {
  this[WEB_SOCKET]?.closed();
}
