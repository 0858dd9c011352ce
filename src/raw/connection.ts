// A raw WebSocket as Socket.IO sees it: an engine.io connection that exchanges packets with it, and a dialect's frames with the client.
import type { Closing } from "../connection/close-codes.ts";
import type { DecodedPacket } from "../connection/decoded-packet.ts";
import type { KeptRequest } from "../connection/kept-request.ts";
import type { RateVerdict } from "../connection/rate-verdict.ts";
import type { ConnectionTraits } from "../connection/traits.ts";
import type { Failure } from "../contract/errors.ts";
import { type ConnectionContext, WebSocketConnection } from "../web-socket/connection.ts";
import type { HeldMessages } from "../web-socket/held-messages.ts";
import { PingTracker } from "../web-socket/keep-alive.ts";
import type { WebSocket } from "../web-socket/web-socket.ts";
import { closingFor } from "./close-frame.ts";
import { type Dialect, failureOf } from "./codec.ts";
import { type AckPingSchedule, DeliveryAcks } from "./delivery-acks.ts";
import { EncodedEvent, type FrameCache, type WriteOptions } from "./frame-cache.ts";
import { MessageHandler, type MessageHandlerOutput, TOO_MANY } from "./message-handler.ts";
import type { Times } from "./options.ts";
import { ackPacket, connectPacket, deliveryAckPacket } from "./packet.ts";

/** What all connections of an engine share. */
export interface RawContext extends ConnectionContext {
  readonly frameCache: FrameCache;
  readonly ackPings: AckPingSchedule;
  readonly times: Times;
  /** Told of every malformed frame. */
  readonly onMalformed: (() => void) | undefined;
}

/** An opened WebSocket whose client has been let in. */
export interface AcceptedConnection {
  readonly id: string;
  readonly dialect: Dialect;
  readonly admission: unknown;
  readonly request: KeptRequest;
  readonly webSocket: WebSocket;
  /** What has come meanwhile. */
  readonly held: HeldMessages;
  /** The client reads compressed frames. */
  readonly deflates: boolean;
}

const EVENT_PACKET = "2".charCodeAt(0);

/** One connection. */
export class RawSocket extends WebSocketConnection implements MessageHandlerOutput {
  readonly admission: unknown;
  /** The namespace has let the client in. */
  accepted = false;

  readonly #context: RawContext;
  readonly #dialect: Dialect;
  readonly #deflates: boolean;
  readonly #pings: PingTracker;
  readonly #messageHandler: MessageHandler;
  /** What came before the namespace could take it. */
  #held: HeldMessages | undefined;
  #deliveryAcks: DeliveryAcks | undefined;

  constructor(accepted: AcceptedConnection, context: RawContext) {
    const { id, webSocket, dialect, request } = accepted;
    super(id, request, webSocket, context);
    this.admission = accepted.admission;
    this.#context = context;
    this.#dialect = dialect;
    this.#deflates = accepted.deflates;
    this.#held = accepted.held;
    this.#pings = new PingTracker(webSocket);
    this.#messageHandler = new MessageHandler(dialect, this);
  }

  /** The transport's name, as Socket.IO's users know it. */
  get name(): "websocket-raw" {
    return "websocket-raw";
  }

  get traits(): ConnectionTraits {
    return this.#dialect.traits;
  }

  get transportName(): string {
    return this.traits.speaks;
  }

  /** Asks the namespace to let the client in. What the client sends meanwhile is held. */
  joinNamespace(): void {
    if (this.readyState === "open") this.toNamespace(connectPacket(this.#dialect.namespace));
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
    else if (packet.type === "disconnect") this.close();
    else if (packet.type === "connect_error") this.#refuse(failureOf({ ok: false, error: packet }));
    return this;
  }

  onMessage(data: Buffer, isBinary: boolean): void {
    if (this.#held !== undefined) this.#held.add(data, isBinary);
    else this.#receive(data, isBinary);
  }

  onPong(payload: Buffer): void {
    this.alive();
    if (this.#pings.pong(payload) && this.countOther() === "close") this.endForRate();
  }

  toNamespace(packet: DecodedPacket | string): void {
    this.emit("data", packet);
  }

  toClient(text: string): void {
    if (this.readyState === "open") this.#send(new EncodedEvent(text));
  }

  closeFor(closing: Closing): void {
    this.closeWith(closing);
    this.close();
  }

  malformed(): RateVerdict {
    this.#context.onMalformed?.();
    return this.countOther(0);
  }

  protected ping(answered?: () => void): void {
    this.#pings.ping(answered);
  }

  protected endForRate(): void {
    this.closeFor(TOO_MANY);
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.readyState === "open" && !this.webSocket.isAboveRate) this.#messageHandler.receive(data, isBinary);
  }

  #accept(): void {
    if (this.accepted) return;
    this.accepted = true;
    // Socket.IO knows the socket only after this packet: a frame handed over now would be one for nobody.
    process.nextTick(() => {
      const held = this.#held;
      this.#held = undefined;
      for (let message = held?.shift(); message !== undefined; message = held?.shift())
        this.#receive(message.data, message.isBinary);
    });
  }

  #refuse(failure: Failure): void {
    this.#messageHandler.refuse(failure);
    const lingers = failure.code === "RATE_LIMIT" && this.#dialect.lingers === true;
    if (!lingers) {
      this.closeFor(closingFor(failure));
      return;
    }
    const timer = setTimeout(() => this.closeFor(closingFor(failure)), this.#context.times.lingerMs);
    this.once("close", () => clearTimeout(timer));
  }

  #send(encoded: EncodedEvent): void {
    const frame = encoded.frame(this.#deflates);
    if (frame !== undefined) this.sendQueue.push(frame);
    if (frame !== undefined && encoded.durable !== undefined) {
      const { ackPings } = this.#context;
      this.#deliveryAcks ??= new DeliveryAcks(ackPings, this.sendQueue, this.#pings, (channel, offset) =>
        this.toNamespace(deliveryAckPacket(this.#dialect.namespace, channel, offset)),
      );
      this.#deliveryAcks.sent(encoded.durable.channel, encoded.durable.offset);
    }
    const { ackId } = encoded;
    if (ackId === undefined) return;
    this.sendQueue.flush();
    this.#pings.ping(() => this.toNamespace(ackPacket(this.#dialect.namespace, ackId)));
  }
}
