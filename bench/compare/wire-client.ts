// One client on a plain TCP socket: it masks with zeros and only counts what it gets, so that thousands cost little.
import { connect, type Socket } from "node:net";
import type { Protocol } from "./orders.ts";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const TEXT = 0x81;
const PING = 0x89;
const PONG = 0x8a;
const NONE = Buffer.alloc(0);

/** What a client tells of itself. */
export interface Listeners {
  /** A data frame that is no part of the protocol's keep-alive. `payload` is a view that is overwritten soon. */
  onFrame(client: WireClient, payload: Buffer): void;
  onEnd(client: WireClient): void;
}

/** A client's frame around a text; with a mask of zeros, which RFC 6455 allows and which costs nothing. */
export function clientFrame(text: string | Buffer, opcode = TEXT): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  const header =
    length < 126 ? Buffer.from([opcode, 0x80 | length]) : Buffer.from([opcode, 0xfe, length >> 8, length & 255]);
  return Buffer.concat([header, Buffer.alloc(4), payload]);
}

/** A connection. */
export class WireClient {
  readonly socket: Socket;
  /** Where it is in its greetings. */
  greeted = 0;
  /** When it asked for the answer that it waits for; 0 if for none. */
  askedAt = 0;
  readonly #protocol: Protocol;
  readonly #listeners: Listeners;
  #rest: Buffer = NONE;
  #isOpen = false;

  constructor(protocol: Protocol, port: number, path: string, listeners: Listeners, onOpen: (error?: Error) => void) {
    this.#protocol = protocol;
    this.#listeners = listeners;
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`,
    );
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => {
      if (this.#isOpen) listeners.onEnd(this);
      else onOpen(new Error(`${path}: the connection failed`));
    });
    this.socket.on("data", (data) => {
      const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
      if (this.#isOpen) return this.#read(bytes);
      const end = bytes.indexOf("\r\n\r\n");
      this.#rest = bytes;
      if (end < 0) return;
      if (!bytes.subarray(0, 12).equals(Buffer.from("HTTP/1.1 101"))) {
        this.socket.destroy(new Error(bytes.toString("latin1", 0, 200)));
        return;
      }
      this.#isOpen = true;
      onOpen();
      this.#read(bytes.subarray(end + 4));
    });
  }

  /** Sends a frame of {@link clientFrame}. */
  send(frame: Buffer): void {
    this.socket.write(frame);
  }

  #read(bytes: Buffer): void {
    let at = 0;
    while (at + 2 <= bytes.length) {
      const opcode = bytes[at] ?? 0;
      let length = (bytes[at + 1] ?? 0) & 127;
      let begin = at + 2;
      if (length === 126) {
        if (at + 4 > bytes.length) break;
        length = bytes.readUInt16BE(begin);
        begin += 2;
      } else if (length === 127) {
        if (at + 10 > bytes.length) break;
        length = Number(bytes.readBigUInt64BE(begin));
        begin += 8;
      }
      if (begin + length > bytes.length) break;
      this.#take(opcode, bytes.subarray(begin, begin + length));
      at = begin + length;
    }
    this.#rest = at === bytes.length ? NONE : Buffer.from(bytes.subarray(at));
  }

  #take(opcode: number, payload: Buffer): void {
    if (opcode === PING) {
      this.send(clientFrame(payload, PONG));
      return;
    }
    if ((opcode & 15) > 2) return;
    // Engine.IO's own ping: a text of the one character 2.
    const isPing = this.#protocol === "socket.io" && payload.length === 1 && payload[0] === 50;
    if (isPing) this.send(clientFrame("3"));
    else this.#listeners.onFrame(this, payload);
  }
}
