// Back-pressure of Socket.IO's own connections: those that leave too much unread are cut off.
import type { EventEmitter } from "node:events";
import type { Socket as NetSocket } from "node:net";
import type { UnsentBudget } from "../connection/unsent-budget.ts";
import { type EngineSocket, type QueuedPacket, sizeOf, webSocketOf } from "./engine-connection.ts";

/** Above this many unsent bytes a connection counts as slow, and goes first when the node is short of memory. */
const SLOW_BYTES = 65_536;
/** What a packet in engine.io's buffer costs beyond its text. */
const PACKET_OVERHEAD_BYTES = 200;

/** What a connection may leave unread. */
export interface BackPressureLimits {
  /** Unsent bytes of one connection above which it is cut off. */
  maxBufferedBytes: number;
  /** Unsent bytes of the node, shared with the raw engine. */
  budget?: UnsentBudget;
}

/**
 * Cuts a connection off that leaves more unread than the limits allow (volatile events are dropped long before, by engine.io
 * itself), and has packets that are flushed together leave in one TCP write.
 */
export function guardBackPressure(engine: EngineSocket, limits: BackPressureLimits): void {
  const guard = new BackPressureGuard(engine, limits);
  engine.setMaxListeners(0); // whoever waits until it has drained listens: one for each of its subscriptions
  engine.on("packetCreate", (packet: QueuedPacket) => guard.queue(packet));
  engine.on("flush", (packets: readonly QueuedPacket[]) => guard.flush(packets));
  engine.on("drain", () => guard.uncork());
  engine.on("upgrade", (transport: EventEmitter) => guard.watch(transport));
  engine.once("close", () => guard.release());
  guard.watch(engine.transport);
}

/** Counts what one connection has not taken yet: queued by engine.io, and handed to the transport. */
class BackPressureGuard {
  readonly #engine: EngineSocket;
  readonly #maxBufferedBytes: number;
  readonly #budget: UnsentBudget | undefined;
  #queued = 0;
  #sending = 0;
  /** What the node's budget knows of. */
  #counted = 0;
  #checkIsDue = false;
  #corked: NetSocket | undefined;

  constructor(engine: EngineSocket, { maxBufferedBytes, budget }: BackPressureLimits) {
    this.#engine = engine;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#budget = budget;
  }

  /** A packet joins engine.io's buffer. */
  queue(packet: QueuedPacket): void {
    const unsent = this.#queued + this.#sending;
    if (unsent > 0) {
      this.#count(unsent);
      if (!this.#checkIsDue && this.#isFull()) this.#checkSoon();
    }
    this.#queued += sizeOf(packet) + PACKET_OVERHEAD_BYTES;
  }

  /** engine.io hands its buffer to the transport. */
  flush(packets: readonly QueuedPacket[]): void {
    this.#sending += this.#queued;
    this.#queued = 0;
    if (packets.length < 2) return;
    this.#corked = webSocketOf(this.#engine)?._socket ?? undefined;
    this.#corked?.cork();
  }

  /** engine.io has written all packets, whether or not they are gone. */
  uncork(): void {
    this.#corked?.uncork();
    this.#corked = undefined;
  }

  /** Follows a transport: the first one, or the one that the connection was upgraded to. */
  watch(transport: EventEmitter): void {
    this.#sending = 0; // what another transport had in hand is engine.io's matter
    transport.setMaxListeners(0).on("drain", () => {
      this.#sending = 0; // engine.io sends nothing more before this
      if (this.#counted > 0) this.#count(this.#queued);
    });
  }

  /** The connection is gone: the budget counts nothing of it any more. */
  release(): void {
    this.#count(0);
  }

  #count(bytes: number): void {
    this.#budget?.add(bytes - this.#counted);
    this.#counted = bytes;
  }

  #isFull(): boolean {
    const unsent = this.#queued + this.#sending;
    return unsent > this.#maxBufferedBytes || (unsent > SLOW_BYTES && this.#budget?.exceeded === true);
  }

  /** Not within a broadcast, which is going through its sockets; and what one tick emits has its chance to go out first. */
  #checkSoon(): void {
    this.#checkIsDue = true;
    setImmediate(() => {
      this.#checkIsDue = false;
      if (this.#isFull()) cutOff(this.#engine);
    });
  }
}

/**
 * Ends the connection without waiting for anything: a close frame would come behind all that the client does not read. The
 * transport's end is announced first, because engine.io would otherwise try to send the whole rest into the closed socket.
 */
function cutOff(engine: EngineSocket): void {
  const webSocket = webSocketOf(engine);
  if (webSocket === undefined) {
    engine.close(true);
  } else {
    (engine.transport as EventEmitter).emit("close");
    webSocket.terminate();
  }
}
