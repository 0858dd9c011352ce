// A raw WebSocket as Socket.IO sees it: an engine.io connection that exchanges packets with it, and a dialect's frames with the client.
import { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { ClientConnection } from "../connection/client-connection.ts";
import { CLOSE, type Closing, isCleanClose } from "../connection/close-codes.ts";
import type { FlushSchedule } from "../connection/flush-schedule.ts";
import { type RateVerdict, restOfSecond } from "../connection/rate-verdict.ts";
import type { Reading } from "../connection/reading.ts";
import type { ConnectionTraits } from "../connection/traits.ts";
import type { Failure } from "../contract/errors.ts";
import { closingFor, DRAINING, shortReason } from "./close-frame.ts";
import { type Dialect, failureOf } from "./codec.ts";
import { type AckPingSchedule, DeliveryAcks } from "./delivery-acks.ts";
import { EncodedEvent, type FrameCache, type WriteOptions } from "./frame-cache.ts";
import { KeepAliveState, type KeepAliveTimes, PingTracker } from "./keep-alive.ts";
import type { KeptRequest } from "./kept-request.ts";
import { MessageHandler, TOO_MANY } from "./message-handler.ts";
import type { Times } from "./options.ts";
import { ackPacket, connectPacket, deliveryAckPacket } from "./packet.ts";
import type { ReceiveBuffer } from "./receive-buffer.ts";
import { SendQueue, type SendQueueOwner, type UnsentLimits } from "./send-queue.ts";
import { Transport } from "./transport.ts";

/** What all connections of an engine share. */
export interface ConnectionContext {
  readonly frameCache: FrameCache;
  readonly flushes: FlushSchedule;
  readonly ackPings: AckPingSchedule;
  readonly unsent: UnsentLimits;
  readonly keepAlive: KeepAliveTimes;
  readonly times: Times;
  readonly messageRate: () => () => RateVerdict;
  readonly onMalformed: (() => void) | undefined;
}

/** An opened WebSocket whose client has been let in. */
export interface AcceptedConnection {
  readonly id: string;
  readonly dialect: Dialect;
  readonly admission: unknown;
  readonly request: KeptRequest;
  readonly ws: WebSocket;
  /** What `ws` runs over. */
  readonly socket: Duplex;
  readonly reading: Reading;
  readonly receiveBuffer: ReceiveBuffer;
  /** The client reads compressed frames. */
  readonly compresses: boolean;
}

const EVENT_PACKET = "2".charCodeAt(0);

/** Emits `data` (a packet from the client), `close` (reason) and `drain` (nothing unsent any more). */
export class RawSocket extends EventEmitter implements ClientConnection, SendQueueOwner {
  readonly id: string;
  /** The revision of engine.io's protocol whose behaviour this imitates. */
  readonly protocol = 4;
  readonly request: KeptRequest;
  readonly remoteAddress: string;
  readonly transport: { readonly name: "websocket-raw"; readonly writable: boolean };
  readonly admission: unknown;
  readonly traits: ConnectionTraits;
  endedCleanly = false;
  readyState: "open" | "closing" | "closed" = "open";
  /** The namespace has let the client in. */
  accepted = false;

  readonly #context: ConnectionContext;
  readonly #dialect: Dialect;
  readonly #ws: WebSocket;
  readonly #reading: Reading;
  readonly #receiveBuffer: ReceiveBuffer;
  readonly #compresses: boolean;
  readonly #sendQueue: SendQueue;
  readonly #pings: PingTracker;
  readonly #keepAlive: KeepAliveState;
  readonly #messageHandler: MessageHandler;
  /** The rate of what no namespace sees: malformed frames, pings, and pongs that nobody asked for. */
  #otherRate: (() => RateVerdict) | undefined;
  #deliveryAcks: DeliveryAcks | undefined;
  #closing: Closing | undefined;
  #endReason = "transport close";

  constructor(accepted: AcceptedConnection, context: ConnectionContext) {
    super();
    this.setMaxListeners(0); // whoever waits for it to drain or close listens: one for each of its subscriptions
    const { ws, socket, dialect, request } = accepted;
    this.id = accepted.id;
    this.request = request;
    this.remoteAddress = request.connection.remoteAddress;
    this.admission = accepted.admission;
    this.traits = dialect.traits;
    this.#context = context;
    this.#dialect = dialect;
    this.#ws = ws;
    this.#reading = accepted.reading;
    this.#receiveBuffer = accepted.receiveBuffer;
    this.#compresses = accepted.compresses;
    const sendQueue = new SendQueue(socket, context.flushes, this, context.unsent);
    this.#sendQueue = sendQueue;
    this.transport = new Transport(sendQueue);
    this.#keepAlive = new KeepAliveState(context.keepAlive, performance.now());
    const countControl = () => {
      if (this.#takeOther() === "close") this.#end(TOO_MANY);
    };
    this.#pings = new PingTracker(ws, () => this.#keepAlive.pong(), countControl);
    ws.on("ping", countControl);
    const output = {
      toNamespace: (packet: string) => void this.emit("data", packet),
      toClient: (text: string) => this.#send(new EncodedEvent(text)),
      close: (closing: Closing) => this.#end(closing),
    };
    this.#messageHandler = new MessageHandler(dialect, output, () => {
      context.onMalformed?.();
      return this.#takeOther();
    });
    ws.on("close", (code) => this.#closed(code));
    ws.on("error", () => {
      // ws answers a broken frame with its close code itself; this is no end by the client's own wish.
      if (this.readyState === "open") this.readyState = "closing";
    });
  }

  get transportName(): string {
    return this.traits.speaks;
  }

  get bufferedBytes(): number {
    return this.#sendQueue.bytes;
  }

  /** Asks the namespace to let the client in. What the client sends meanwhile is held. */
  joinNamespace(): void {
    if (this.readyState === "open") this.emit("data", connectPacket(this.#dialect.namespace));
  }

  /** Takes a packet from a namespace and sends the dialect's frame for it, if there is one. Called by Socket.IO. */
  write(encoded: unknown, options?: WriteOptions): this {
    if (typeof encoded !== "string" || this.readyState !== "open") return this;
    const { frameCache } = this.#context;
    if (encoded.charCodeAt(0) === EVENT_PACKET) {
      this.#send(frameCache.encode(this.#dialect, encoded, options));
      return this;
    }
    const packet = frameCache.read(encoded);
    if (packet.type === "connect") this.#accept();
    else if (packet.type === "ack") this.#messageHandler.answer(packet.event, packet.answer);
    else if (packet.type === "disconnect") this.close();
    else if (packet.type === "connect_error") this.#refuse(failureOf({ ok: false, error: packet }));
    return this;
  }

  /** Closes as {@link closeWith} has said, or with 1000, after everything that was written; at once with `discard`. */
  close(discard = false): void {
    if (discard) {
      this.#sendQueue.discard();
      this.#ws.terminate();
    } else if (this.readyState === "open") {
      const { code, reason } = this.#closing ?? { code: CLOSE.normal, reason: "" };
      this.readyState = "closing";
      this.#sendQueue.end();
      this.#ws.close(code, shortReason(reason));
      this.#reading.ended();
    }
  }

  pauseReading(ms: number): void {
    if (this.readyState === "open") this.#reading.pauseFor(ms);
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
      if (this.readyState === "open") this.#pings.ping(() => settle(true));
      else settle(false);
    });
  }

  /** Pings when it is time, and ends the connection when no pong has come. */
  checkAlive(now: number): void {
    const due = this.#keepAlive.check(now);
    if (due === "ping" && this.readyState === "open") this.#pings.ping();
    if (due === "dead") this.#cut("ping timeout");
  }

  /** The client does not take what it is sent. */
  overflowed(): void {
    this.#cut("transport close");
  }

  emptied(): void {
    this.emit("drain");
  }

  async drained(): Promise<void> {
    // What was written when the last byte had gone is waited for as well.
    while (this.readyState !== "closed" && this.bufferedBytes > 0) await this.#drainOrClose();
  }

  /** Closes because the node shuts down; with what {@link closeWith} has said, if it was called. */
  shutDown(): void {
    this.#closing ??= DRAINING;
    this.close();
  }

  closeWith(closing: Closing): void {
    this.#closing = closing;
  }

  #takeOther(): RateVerdict {
    this.#otherRate ??= this.#context.messageRate();
    const verdict = this.#otherRate();
    if (verdict !== "take") this.pauseReading(restOfSecond());
    return verdict;
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

  #accept(): void {
    if (this.accepted) return;
    this.accepted = true;
    // Socket.IO knows the socket only after this packet: a frame handed over now would be one for nobody.
    process.nextTick(() =>
      this.#receiveBuffer.open((frame) => {
        if (this.readyState === "open" && !this.#reading.isAboveRate) this.#messageHandler.receive(frame);
      }),
    );
  }

  #refuse(failure: Failure): void {
    this.#messageHandler.refuse(failure);
    const lingers = failure.code === "RATE_LIMIT" && this.#dialect.lingers === true;
    if (!lingers) {
      this.#end(closingFor(failure));
      return;
    }
    const timer = setTimeout(() => this.#end(closingFor(failure)), this.#context.times.lingerMs);
    this.once("close", () => clearTimeout(timer));
  }

  #end(closing: Closing): void {
    this.#closing = closing;
    this.close();
  }

  #send(encoded: EncodedEvent): void {
    const frame = encoded.frame(this.#compresses);
    if (frame !== undefined) this.#sendQueue.push(frame);
    if (frame !== undefined && encoded.durable !== undefined) {
      const { ackPings } = this.#context;
      this.#deliveryAcks ??= new DeliveryAcks(ackPings, this.#sendQueue, this.#pings, (channel, offset) =>
        this.emit("data", deliveryAckPacket(this.#dialect.namespace, channel, offset)),
      );
      this.#deliveryAcks.sent(encoded.durable.channel, encoded.durable.offset);
    }
    const { ackId } = encoded;
    if (ackId === undefined) return;
    this.#sendQueue.flush();
    this.#pings.ping(() => this.emit("data", ackPacket(this.#dialect.namespace, ackId)));
  }

  #cut(reason: string): void {
    this.#endReason = reason;
    this.close(true);
  }

  #closed(code: number): void {
    if (this.readyState === "closed") return;
    this.endedCleanly = this.readyState === "open" && isCleanClose(code);
    this.readyState = "closed";
    this.#sendQueue.discard();
    this.emit("close", this.endedCleanly ? "client close" : this.#endReason);
  }
}
