// What a client sends before anybody can read it: held in order, and bounded by not reading on.
import type { ReceiveFault } from "./receiver.ts";
import type { WebSocket, WebSocketReader } from "./web-socket.ts";

/** A message as it came. */
export interface Received {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/** Nothing more is read once this many messages or bytes are held. */
const MAX_MESSAGES = 32;
const MAX_BYTES = 65_536;

/** The messages of one WebSocket that wait for their reader. */
export class HeldMessages {
  readonly #webSocket: WebSocket;
  readonly #messages: Received[] = [];
  #bytes = 0;

  constructor(webSocket: WebSocket) {
    this.#webSocket = webSocket;
  }

  /** Holds a message. */
  add(data: Buffer, isBinary: boolean): void {
    this.#bytes += data.length;
    // It may be a small part of all that was read at once.
    if (this.#messages.push({ data: Buffer.from(data), isBinary }) >= MAX_MESSAGES || this.#bytes >= MAX_BYTES)
      this.#webSocket.pauseFor("held");
  }

  /** Takes the first one out. */
  shift(): Received | undefined {
    const message = this.#messages.shift();
    this.#bytes -= message?.data.length ?? 0;
    if (message !== undefined && this.#messages.length === 0) this.#webSocket.resumeFor("held");
    return message;
  }
}

/** Reads a WebSocket whose client nobody has decided on yet. */
export class EarlyReader implements WebSocketReader {
  readonly held: HeldMessages;
  #first: ((message: Received | undefined) => void) | undefined;
  /** Told when the WebSocket goes. */
  onGone: (() => void) | undefined;

  constructor(webSocket: WebSocket) {
    this.held = new HeldMessages(webSocket);
    webSocket.reader = this;
  }

  /** The first message, or undefined when none came within the milliseconds. What follows it is held. */
  first(timeoutMs: number): Promise<Received | undefined> {
    return new Promise((resolve) => {
      const settle = (message: Received | undefined) => {
        clearTimeout(timer);
        this.#first = undefined;
        resolve(message);
      };
      const timer = setTimeout(settle, timeoutMs, undefined);
      this.#first = settle;
    });
  }

  onMessage(data: Buffer, isBinary: boolean): void {
    if (this.#first === undefined) this.held.add(data, isBinary);
    else this.#first({ data: Buffer.from(data), isBinary });
  }

  onPing(): void {}

  onPong(): void {}

  onFault(_fault: ReceiveFault): void {}

  onClose(): void {
    this.#first?.(undefined);
    this.onGone?.();
  }
}
