// A connection over one WebSocket, as Socket.IO's server wants it from an engine (what it uses of engine.io's Socket).
import { EventEmitter } from "node:events";
import type { ClientConnection } from "../connection/client-connection.ts";
import { CLOSE, type Closing, isCleanClose } from "../connection/close-codes.ts";
import type { KeptRequest } from "../connection/kept-request.ts";
import { type RateVerdict, restOfSecond } from "../connection/rate-verdict.ts";
import type { KeepAliveTimes } from "./keep-alive.ts";
import type { ReceiveFault } from "./receiver.ts";
import { SendQueue, type SendQueueContext, type SendQueueOwner, SLOW_BYTES } from "./send-queue.ts";
import type { WebSocket, WebSocketReader } from "./web-socket.ts";

/** What needs no limit yet: an honest client sends a CONNECT for each namespace and answers pings; most send nothing else. */
const FREE_OTHERS = 8;

/** What all connections of an engine share. */
export interface ConnectionContext extends SendQueueContext {
  readonly keepAlive: KeepAliveTimes;
  /** Creates the rate of what no namespace counts, of one connection. */
  readonly otherRate: () => () => RateVerdict;
  /** Told first when one is gone; a listener for each would be three objects more. */
  readonly gone: (connection: WebSocketConnection) => void;
}

/**
 * Emits `data` (a packet from the client), `close` (reason) and `drain` (nothing unsent any more). What a client and a server
 * say to each other is the subclass's matter; so is the ping. It is its own transport, for Socket.IO asks that whether it may
 * write a volatile event.
 */
export abstract class WebSocketConnection
  extends EventEmitter
  implements ClientConnection, SendQueueOwner, WebSocketReader
{
  readonly id: string;
  readonly request: KeptRequest;
  /** The revision of engine.io's protocol whose behaviour this imitates. */
  readonly protocol = 4;
  readyState: "open" | "closing" | "closed" = "open";
  endedCleanly = false;

  protected readonly webSocket: WebSocket;
  protected readonly sendQueue: SendQueue;
  readonly #context: ConnectionContext;
  #pingAt: number;
  /** When the pong must have come. */
  #deadline = Number.POSITIVE_INFINITY;
  #closing: Closing | undefined;
  /** How often the client has done what no namespace counts, and its rate once that is not seldom. */
  #others = 0;
  #otherRate: (() => RateVerdict) | undefined;
  #endReason = "transport close";

  constructor(id: string, request: KeptRequest, webSocket: WebSocket, context: ConnectionContext) {
    super();
    this.setMaxListeners(0); // whoever waits for it to drain or close listens: one for each of its subscriptions
    this.id = id;
    this.request = request;
    this.webSocket = webSocket;
    this.sendQueue = new SendQueue(webSocket.socket, this, context);
    this.#context = context;
    // Somewhere in the second half of the interval, so that those who came together are not pinged together.
    this.#pingAt = performance.now() + context.keepAlive.pingIntervalMs * (0.5 + Math.random() / 2);
    webSocket.reader = this;
  }

  /** It stands in its socket's `data`, which the adapter sends to other nodes for `fetchSockets`: it means nothing there. */
  toJSON(): undefined {
    return undefined;
  }

  /** What the client came over. */
  abstract get transportName(): string;
  /** What the admission before the upgrade returned, if there was one. */
  abstract get admission(): unknown;
  abstract onMessage(data: Buffer, isBinary: boolean): void;
  abstract onPong(payload: Buffer): void;
  /** Asks for a sign of life; with `answered` for one that comes after this. */
  protected abstract ping(answered?: () => void): void;

  get remoteAddress(): string {
    return this.request.connection.remoteAddress;
  }

  get transport(): this {
    return this;
  }

  /** Whether a volatile event is worth writing. */
  get writable(): boolean {
    return this.sendQueue.bytes <= SLOW_BYTES;
  }

  get bufferedBytes(): number {
    return this.sendQueue.bytes;
  }

  /** Closes as {@link closeWith} has said, or with 1000, after everything that was written; at once with `discard`. */
  close(discard = false): void {
    if (discard) {
      this.sendQueue.discard();
      this.webSocket.terminate();
    } else if (this.readyState === "open") {
      const { code, reason } = this.#closing ?? { code: CLOSE.normal, reason: "" };
      this.readyState = "closing";
      this.sendQueue.end();
      this.webSocket.close(code, reason);
    }
  }

  closeWith(closing: Closing): void {
    this.#closing = closing;
  }

  /** Closes because the node shuts down; with what {@link closeWith} has said, if it was called. */
  shutDown(closing: Closing): void {
    this.#closing ??= closing;
    this.close();
  }

  probe(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (alive: boolean) => {
        clearTimeout(timer);
        this.off("close", onClose);
        resolve(alive);
      };
      const onClose = () => settle(false);
      const timer = setTimeout(settle, timeoutMs, false);
      this.once("close", onClose);
      if (this.readyState === "open") this.ping(() => settle(true));
      else settle(false);
    });
  }

  async drained(): Promise<void> {
    // What was written when the last byte had gone is waited for as well.
    while (this.readyState !== "closed" && this.bufferedBytes > 0) await this.#drainOrClose();
  }

  /** Pings when it is time, and ends the connection when no pong has come. */
  checkAlive(now: number): void {
    if (now >= this.#deadline) {
      this.cut("ping timeout");
      return;
    }
    if (now < this.#pingAt || this.#deadline < Number.POSITIVE_INFINITY) return;
    this.#pingAt = now + this.#context.keepAlive.pingIntervalMs;
    this.#deadline = now + this.#context.keepAlive.pongTimeoutMs;
    if (this.readyState === "open") this.ping();
  }

  pauseReading(ms: number): void {
    if (this.readyState === "open") this.webSocket.throttle(ms);
  }

  /** One more of what no namespace counts: pings, pongs that nobody asked for, packets that are no events. The first few are free. */
  protected countOther(free = FREE_OTHERS): RateVerdict {
    this.#others += 1;
    if (this.#others <= free) return "take";
    this.#otherRate ??= this.#context.otherRate();
    const verdict = this.#otherRate();
    if (verdict !== "take") this.pauseReading(restOfSecond());
    return verdict;
  }

  /** The client has given a sign of life. */
  protected alive(): void {
    this.#deadline = Number.POSITIVE_INFINITY;
  }

  /** The client does not take what it is sent. */
  overflowed(): void {
    this.cut("transport close");
  }

  emptied(): void {
    this.emit("drain");
  }

  onFault(_fault: ReceiveFault): void {
    // The WebSocket answers with a close code itself; this is no end by the client's own wish.
    if (this.readyState === "open") this.readyState = "closing";
  }

  /** A ping of the WebSocket's, which has been answered. */
  onPing(): void {
    if (this.countOther() === "close") this.endForRate();
  }

  /** Ends it for being above a rate for too long. */
  protected abstract endForRate(): void;

  onClose(code: number): void {
    if (this.readyState === "closed") return;
    this.endedCleanly = this.readyState === "open" && isCleanClose(code);
    this.readyState = "closed";
    this.sendQueue.discard();
    this.#context.gone(this);
    this.emit("close", this.endedCleanly ? "client close" : this.#endReason);
  }

  /** Ends it at once, for this reason. */
  protected cut(reason: string): void {
    this.#endReason = reason;
    this.close(true);
  }

  #drainOrClose(): Promise<void> {
    return new Promise((resolve) => {
      const settle = () => {
        this.off("drain", settle);
        this.off("close", settle);
        resolve();
      };
      this.on("drain", settle);
      this.on("close", settle);
    });
  }
}
