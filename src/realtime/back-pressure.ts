// Slow consumers: what a connection may leave unread, and how to wait until it has read. For engine.io's own connections, and for raw
// ones where they are asked the same question.
import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { UnsentBudget } from "../connection/traits.ts";
import { rawOf } from "./namespace-slots.ts";

/** Above so many unsent bytes a connection counts as slow, and goes first when the node is short of memory. */
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

/** What is used of an engine.io connection. */
interface EngineConnection extends EventEmitter {
  readonly readyState: string;
  readonly transport: { readonly name: string };
  close(discard?: boolean): unknown;
}

/** A packet as engine.io queues it. */
interface Packet {
  readonly data?: unknown;
}

/** The WebSocket of a transport, as far as it is used: `bufferedAmount` and `terminate` are its public face. */
interface Wire {
  readonly bufferedAmount: number;
  terminate(): void;
  readonly _socket?: Socket | null;
}

/**
 * Cuts a connection off that leaves more unread than the limits allow (volatile events are dropped long before, by engine.io
 * itself), and has packets that are flushed together leave in one TCP write.
 */
export function guardBackPressure(connection: EventEmitter, limits: BackPressureLimits): void {
  const engine = connection as EngineConnection;
  const { maxBufferedBytes, budget } = limits;
  let queued = 0;
  let sending = 0;
  let booked = 0;
  let suspected = false;
  let corked: Socket | undefined;

  function book(bytes: number): void {
    budget?.add(bytes - booked);
    booked = bytes;
  }

  function isFull(): boolean {
    const unsent = queued + sending;
    return unsent > maxBufferedBytes || (unsent > SLOW_BYTES && budget?.exceeded === true);
  }

  /** Not within a broadcast, which is going through its sockets; and what one tick emits has its chance to go out first. */
  function suspect(): void {
    suspected = true;
    setImmediate(() => {
      suspected = false;
      if (isFull()) cutOff(engine);
    });
  }

  function watch(transport: unknown): void {
    sending = 0; // what another transport had in hand is engine.io's matter
    (transport as EventEmitter).setMaxListeners(0).on("drain", () => {
      sending = 0; // engine.io sends nothing more before this
      if (booked > 0) book(queued);
    });
  }

  engine.setMaxListeners(0); // whoever waits until it has drained listens: one for each of its subscriptions
  engine.on("packetCreate", (packet: Packet) => {
    const unsent = queued + sending;
    if (unsent > 0) {
      book(unsent);
      if (!suspected && isFull()) suspect();
    }
    queued += sizeOf(packet) + PACKET_OVERHEAD_BYTES;
  });
  engine.on("flush", (packets: readonly Packet[]) => {
    sending += queued;
    queued = 0;
    if (packets.length < 2) return;
    corked = wireOf(engine)?._socket ?? undefined;
    corked?.cork();
  });
  engine.on("drain", () => {
    corked?.uncork(); // engine.io emits this when it has written all packets, whether or not they are gone
    corked = undefined;
  });
  engine.on("upgrade", watch);
  engine.once("close", () => book(0));
  watch(engine.transport);
}

/** Bytes that the client has not taken yet. */
export function bufferedBytes(connection: unknown): number {
  const raw = rawOf(connection);
  if (raw !== undefined) return raw.bufferedBytes;
  const engine = connection as EngineConnection;
  const waiting: unknown = Reflect.get(engine, "writeBuffer");
  let bytes = wireOf(engine)?.bufferedAmount ?? 0;
  if (Array.isArray(waiting)) for (const packet of waiting as Packet[]) bytes += sizeOf(packet);
  return bytes;
}

/** Resolves when the client has taken everything that was sent to it, or when the connection is closed. */
export async function drained(connection: unknown): Promise<void> {
  const engine = connection as EngineConnection;
  const source = rawOf(connection) === undefined ? (engine.transport as unknown as EventEmitter) : engine;
  if (engine.readyState === "closed" || bufferedBytes(connection) === 0) return;
  await new Promise<void>((resolve) => {
    const settle = () => {
      source.off("drain", settle);
      engine.off("close", settle);
      engine.off("upgrade", settle);
      resolve();
    };
    source.on("drain", settle);
    engine.on("close", settle);
    engine.on("upgrade", settle); // another transport, whose drain it is now
  });
  // engine.io sends on as soon as it has drained: look again.
  return drained(connection);
}

/**
 * Ends the connection without waiting for anything: a close frame would come behind all that the client does not read. The
 * transport's end is announced first, because engine.io would otherwise try to send the whole rest into the closed socket.
 */
function cutOff(connection: EngineConnection): void {
  const wire = wireOf(connection);
  if (wire === undefined) {
    connection.close(true);
  } else {
    (connection.transport as unknown as EventEmitter).emit("close");
    wire.terminate();
  }
}

function wireOf({ transport }: EngineConnection): Wire | undefined {
  const wire: unknown = Reflect.get(transport, "socket");
  return typeof wire === "object" && wire !== null && "bufferedAmount" in wire ? (wire as Wire) : undefined;
}

function sizeOf({ data }: Packet): number {
  if (typeof data === "string") return data.length;
  return ArrayBuffer.isView(data) ? data.byteLength : 0;
}
