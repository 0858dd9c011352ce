// A client of Socket.IO that came over a WebSocket at once: Engine.IO's packets (protocol 4) on one side, Socket.IO's on the other.
import type { KeptRequest } from "../connection/kept-request.ts";
import { type ConnectionContext, WebSocketConnection } from "../web-socket/connection.ts";
import { binaryFrame, textFrame } from "../web-socket/frame.ts";
import type { WebSocket } from "../web-socket/web-socket.ts";
import type { MessageFrames, WriteOptions } from "./message-frames.ts";

/** What all connections of the engine share. */
export interface EngineIoContext extends ConnectionContext {
  readonly frames: MessageFrames;
}

/** Engine.IO's packet types, as the characters before the data. */
const OPEN = "0".charCodeAt(0);
const PING = "2".charCodeAt(0);
const PONG = "3".charCodeAt(0);
const MESSAGE = "4".charCodeAt(0);
const NOOP = "6".charCodeAt(0);
/** Socket.IO's types of events, without and with attachments. */
const EVENT = "2".charCodeAt(0);
const BINARY_EVENT = "5".charCodeAt(0);
const PING_FRAME = textFrame("2");

/**
 * One connection. For whoever listens it also emits engine.io's `message` (what the client sent), `packet` and `packetCreate` (each
 * packet with its type), and has its `send`: dashboards of other people count by these.
 */
export class EngineIoConnection extends WebSocketConnection {
  readonly #context: EngineIoContext;
  /** The client reads compressed frames. */
  readonly #deflates: boolean;
  #pings = 0;
  /** Who waits for the next pong. */
  #awaited: (() => void)[] | undefined;

  constructor(id: string, request: KeptRequest, webSocket: WebSocket, deflates: boolean, context: EngineIoContext) {
    super(id, request, webSocket, context);
    this.#deflates = deflates;
    this.#context = context;
  }

  /** The transport's name, as Socket.IO's users know it. */
  get name(): "websocket" {
    return "websocket";
  }

  get transportName(): string {
    return this.name;
  }

  /** Each namespace admits the client for itself. */
  get admission(): undefined {
    return undefined;
  }

  /** Says who the client is, and how the connection is kept alive: the first packet. */
  open(maxPayload: number): void {
    const { pingIntervalMs: pingInterval, pongTimeoutMs: pingTimeout } = this.#context.keepAlive;
    this.sendQueue.push(
      textFrame(`0${JSON.stringify({ sid: this.id, upgrades: [], pingInterval, pingTimeout, maxPayload })}`),
    );
  }

  /** As {@link write}; `callback` is called when the kernel has taken it. */
  send(data: unknown, options?: WriteOptions, callback?: (transport: this) => void): this {
    this.write(data ?? "", options);
    if (callback !== undefined) void this.drained().then(() => callback(this.transport));
    return this;
  }

  /** Takes a packet from Socket.IO, or one of its attachments. */
  write(encoded: unknown, options?: WriteOptions): this {
    if (this.readyState !== "open") return this;
    this.#tell("packetCreate", "message", encoded);
    if (typeof encoded === "string") this.sendQueue.push(this.#context.frames.of(encoded, options, this.#deflates));
    else if (ArrayBuffer.isView(encoded))
      this.sendQueue.push(binaryFrame(new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.byteLength)));
    else if (encoded instanceof ArrayBuffer) this.sendQueue.push(binaryFrame(new Uint8Array(encoded)));
    return this;
  }

  onMessage(data: Buffer, isBinary: boolean): void {
    if (this.readyState !== "open" || this.webSocket.isAboveRate) return;
    if (isBinary) {
      if (this.#mayGoOn()) this.#toSocketIo(Buffer.from(data)); // it may be kept
      return;
    }
    const type = data[0];
    if (type === MESSAGE) {
      if (isEvent(data[1]) || this.#mayGoOn()) this.#toSocketIo(data.length > 1 ? data.toString("utf8", 1) : undefined);
    } else if (type === PONG) {
      this.#ponged();
    } else if (type !== undefined && type >= OPEN && type <= NOOP && type !== PING) {
      this.#mayGoOn(); // they mean nothing on a WebSocket that was opened at once
    } else {
      this.cut(type === PING ? "transport error" : "parse error"); // the server pings, never the client
    }
  }

  /** A pong of the WebSocket's: nobody has pinged. */
  onPong(): void {
    this.#mayGoOn();
  }

  protected ping(answered?: () => void): void {
    if (answered !== undefined) {
      this.#awaited ??= [];
      this.#awaited.push(answered);
    }
    this.#pings += 1;
    this.#tell("packetCreate", "ping");
    this.sendQueue.push(PING_FRAME);
  }

  protected endForRate(): void {
    this.close(true);
  }

  /** Counts what is no event; false when it was too much for too long. */
  #mayGoOn(): boolean {
    const verdict = this.countOther();
    if (verdict === "close") this.endForRate();
    return verdict !== "close";
  }

  #ponged(): void {
    this.alive();
    this.#tell("packet", "pong");
    const awaited = this.#awaited;
    this.#awaited = undefined;
    for (const answered of awaited ?? []) answered();
    if (this.#pings > 0) this.#pings -= 1;
    else this.#mayGoOn();
  }

  /** A message without text is undefined to engine.io, which Socket.IO takes for none of its packets. */
  #toSocketIo(packet: string | Buffer | undefined): void {
    this.#tell("packet", "message", packet);
    this.emit("data", packet);
    this.emit("message", packet);
  }

  #tell(event: "packet" | "packetCreate", type: string, data?: unknown): void {
    if (this.listenerCount(event) > 0) this.emit(event, { type, data });
  }
}

/** Whether a packet of Socket.IO holds an event, with or without attachments (socket.io-protocol 5). */
function isEvent(type: number | undefined): boolean {
  return type === EVENT || type === BINARY_EVENT;
}
