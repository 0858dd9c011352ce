// A raw WebSocket as Socket.IO sees it: an engine.io connection that reads and writes packets, and speaks a dialect outside.
import { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { RateVerdict } from "../connection/rate-verdict.ts";
import { CLOSE, type Closing, type ConnectionTraits } from "../connection/traits.ts";
import type { Failure } from "../contract/errors.ts";
import type { AckPings } from "./ack-pings.ts";
import { Arrivals } from "./arrivals.ts";
import { closingFor, shortReason } from "./close-frame.ts";
import { type Dialect, failureOf } from "./codec.ts";
import { Message, type Translator, type WriteOptions } from "./frame-cache.ts";
import { type KeepAliveTimes, Lifeline } from "./keep-alive.ts";
import { Conversation } from "./message-handler.ts";
import type { Times } from "./options.ts";
import { ackPacket, connectPacket, handledPacket } from "./packet.ts";
import { Pongs } from "./pongs.ts";
import type { Inbox } from "./receive-buffer.ts";
import type { KeptRequest } from "./request.ts";
import { Outbox, type OutboxOwner, SLOW_BYTES, type TickFlush, type UnsentLimits } from "./send-queue.ts";

/** What all connections of an engine share. */
export interface Shared {
  readonly translator: Translator;
  readonly tick: TickFlush;
  readonly ackPings: AckPings;
  readonly unsent: UnsentLimits;
  readonly keepAlive: KeepAliveTimes;
  readonly times: Times;
  readonly messageRate: () => () => RateVerdict;
}

/** An opened WebSocket whose client has been let in. */
export interface Arrival {
  readonly id: string;
  readonly dialect: Dialect;
  readonly admission: unknown;
  readonly request: KeptRequest;
  readonly ws: WebSocket;
  /** What `ws` runs over. */
  readonly socket: Duplex;
  readonly inbox: Inbox;
  /** The client reads compressed frames. */
  readonly compresses: boolean;
}

const EVENT_PACKET = "2".charCodeAt(0);

/** Emits `data` (a packet from the client), `close` (reason) and `drain` (nothing unsent any more). */
export class RawSocket extends EventEmitter implements ClientConnection, OutboxOwner {
  readonly id: string;
  /** The revision of engine.io's protocol whose behaviour this imitates. */
  readonly protocol = 4;
  readonly request: KeptRequest;
  readonly remoteAddress: string;
  readonly transport: { readonly name: "websocket-raw"; readonly writable: boolean };
  readonly admission: unknown;
  readonly traits: ConnectionTraits;
  closing: Closing | undefined;
  endedCleanly = false;
  readyState: "open" | "closing" | "closed" = "open";
  /** The namespace has let it in. */
  accepted = false;

  readonly #shared: Shared;
  readonly #dialect: Dialect;
  readonly #ws: WebSocket;
  readonly #inbox: Inbox;
  readonly #compresses: boolean;
  readonly #outbox: Outbox;
  readonly #pongs: Pongs;
  readonly #lifeline: Lifeline;
  readonly #conversation: Conversation;
  #arrivals: Arrivals | undefined;
  #endReason = "transport close";

  constructor(arrival: Arrival, shared: Shared) {
    super();
    this.setMaxListeners(0); // whoever waits for it to drain or close listens: one for each of its subscriptions
    const { ws, socket, dialect, request } = arrival;
    this.id = arrival.id;
    this.request = request;
    this.remoteAddress = request.connection.remoteAddress;
    this.admission = arrival.admission;
    this.traits = dialect.traits;
    this.#shared = shared;
    this.#dialect = dialect;
    this.#ws = ws;
    this.#inbox = arrival.inbox;
    this.#compresses = arrival.compresses;
    const outbox = new Outbox(socket, shared.tick, this, shared.unsent);
    this.#outbox = outbox;
    this.transport = new Transport(outbox);
    this.#lifeline = new Lifeline(shared.keepAlive, performance.now());
    this.#pongs = new Pongs(ws, () => this.#lifeline.pong());
    const sides = {
      tell: (packet: string) => void this.emit("data", packet),
      say: (text: string) => this.#send(new Message(text)),
      end: (closing: Closing) => this.#end(closing),
    };
    this.#conversation = new Conversation(dialect, sides, shared.messageRate);
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
    return this.#outbox.bytes;
  }

  /** Asks the namespace to let it in. What the client sends meanwhile is held. */
  enter(): void {
    if (this.readyState === "open") this.emit("data", connectPacket(this.#dialect.namespace));
  }

  /** Takes a packet from a namespace and sends the dialect's frame for it, if there is one. Called by Socket.IO. */
  write(encoded: unknown, options?: WriteOptions): this {
    if (typeof encoded !== "string" || this.readyState !== "open") return this;
    const { translator } = this.#shared;
    if (encoded.charCodeAt(0) === EVENT_PACKET) {
      this.#send(translator.message(this.#dialect, encoded, options));
      return this;
    }
    const packet = translator.read(encoded);
    if (packet.type === "connect") this.#accept();
    else if (packet.type === "ack") this.#conversation.answer(packet.event, packet.answer);
    else if (packet.type === "disconnect") this.close();
    else if (packet.type === "connect_error") this.#refuse(failureOf({ ok: false, error: packet }));
    return this;
  }

  /** Closes with the code of {@link closing}, or 1000, after everything that was written; at once with `discard`. */
  close(discard = false): void {
    if (discard) {
      this.#outbox.discard();
      this.#ws.terminate();
    } else if (this.readyState === "open") {
      const { code, reason } = this.closing ?? { code: CLOSE.normal, reason: "" };
      this.readyState = "closing";
      this.#outbox.end();
      this.#ws.close(code, shortReason(reason));
    }
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
      if (this.readyState === "open") this.#pongs.ping(() => settle(true));
      else settle(false);
    });
  }

  /** Pings when it is time, and ends the connection when no pong has come. */
  checkAlive(now: number): void {
    const due = this.#lifeline.check(now);
    if (due === "ping" && this.readyState === "open") this.#pongs.ping();
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

  closeWith(closing: Closing): void {
    this.closing = closing;
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
      this.#inbox.open((frame) => {
        if (this.readyState === "open") this.#conversation.receive(frame);
      }),
    );
  }

  #refuse(failure: Failure): void {
    this.#conversation.refuse(failure);
    const lingers = failure.code === "RATE_LIMIT" && this.#dialect.lingers === true;
    if (!lingers) {
      this.#end(closingFor(failure));
      return;
    }
    const timer = setTimeout(() => this.#end(closingFor(failure)), this.#shared.times.lingerMs);
    this.once("close", () => clearTimeout(timer));
  }

  #end(closing: Closing): void {
    this.closing = closing;
    this.close();
  }

  #send(message: Message): void {
    const frame = message.frame(this.#compresses);
    if (frame !== undefined) this.#outbox.push(frame);
    if (frame !== undefined && message.durable !== undefined) {
      const { ackPings } = this.#shared;
      this.#arrivals ??= new Arrivals(ackPings, this.#outbox, this.#pongs, (channel, offset) =>
        this.emit("data", handledPacket(this.#dialect.namespace, channel, offset)),
      );
      this.#arrivals.sent(message.durable.channel, message.durable.offset);
    }
    const { ackId } = message;
    if (ackId === undefined) return;
    this.#outbox.flush();
    this.#pongs.ping(() => this.emit("data", ackPacket(this.#dialect.namespace, ackId)));
  }

  #cut(reason: string): void {
    this.#endReason = reason;
    this.close(true);
  }

  #closed(code: number): void {
    if (this.readyState === "closed") return;
    this.endedCleanly = this.readyState === "open" && code !== ABNORMAL;
    this.readyState = "closed";
    this.#outbox.discard();
    this.emit("close", this.endedCleanly ? "client close" : this.#endReason);
  }
}

/** What ws reports when no close frame has come (RFC 6455, 7.1.5). */
const ABNORMAL = 1006;

/** Imitates engine.io's transport: Socket.IO drops a volatile event while it is not writable. */
class Transport {
  readonly name = "websocket-raw";
  readonly #outbox: Outbox;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  get writable(): boolean {
    return this.#outbox.bytes <= SLOW_BYTES;
  }
}
