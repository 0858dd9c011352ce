// What comes in over Socket.IO's own transports: read no faster than it may come, and counted where no namespace counts it.
import type { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { BurstLimit } from "../config/limits.ts";
import { restOfSecond } from "../connection/rate-verdict.ts";
import { Reading } from "../connection/reading.ts";
import { NAMESPACES } from "../contract/namespaces.ts";
import { createMessageRate } from "./message-rate.ts";

/** A transport of engine.io, websocket or polling. */
type Transport = EventEmitter;

/** A packet as engine.io has decoded it. */
interface EnginePacket {
  readonly type: string;
  readonly data?: unknown;
}

/** What is used of a connection of engine.io. */
interface EngineConnection extends EventEmitter {
  readonly transport: Transport;
  close(discard?: boolean): unknown;
}

/** How a transport is kept from reading. */
interface TransportReading {
  pauseFor(ms: number): void;
  ended(): void;
}

/** Where the reading of a transport is kept: with the transport. */
const READING = Symbol("TransportReading");
const RECORD_SEPARATOR = "\x1e";
const EVENT_OF_OURS = NAMESPACES.map(({ name }) => `42${name},`);

/** Reads nothing from the transport for `ms` milliseconds; does nothing to one that is not watched. */
export function pauseTransport(transport: Transport & { [READING]?: TransportReading }, ms: number): void {
  transport[READING]?.pauseFor(ms);
}

/**
 * Watches a connection from its start. Events are counted where they are handled; this counts everything else (acks, CONNECTs,
 * attachments, pings of every layer) by a limit of its own, and closes a connection that is above it for ten seconds.
 */
export function guardInbound(connection: EngineConnection, limit: BurstLimit): void {
  const rate = createMessageRate(limit);
  const count = (transport: Transport): void => {
    const verdict = rate();
    if (verdict !== "take") pauseTransport(transport, restOfSecond());
    if (verdict === "close") connection.close(true);
  };
  const watch = (transport: Transport & { [READING]?: TransportReading }): void => {
    if (transport[READING] !== undefined) return;
    const webSocket: unknown = Reflect.get(transport, "socket");
    if (isWebSocket(webSocket)) {
      const socket: unknown = Reflect.get(webSocket, "_socket"); // whatever is not found is read as it comes
      transport[READING] = Reading.of(webSocket, isDuplex(socket) ? socket : undefined);
      webSocket.on("ping", () => count(transport)).on("pong", () => count(transport));
    } else transport[READING] = new PostReading(transport, 2 * limit.burst);
  };
  watch(connection.transport);
  connection.on("packet", (packet: EnginePacket) => {
    if (!isEvent(packet)) count(connection.transport);
  });
  connection.on("upgrading", (transport: Transport) => {
    watch(transport);
    transport.on("packet", () => {
      if (transport !== connection.transport) count(transport); // a client may probe again and again
    });
  });
  connection.once("close", () => (connection.transport as { [READING]?: TransportReading })[READING]?.ended());
}

/** Whether a packet holds an event, with or without attachments (socket.io-protocol 5). */
function isEvent({ type, data }: EnginePacket): boolean {
  return type === "message" && typeof data === "string" && (data.startsWith("2") || data.startsWith("5"));
}

type Method = (this: unknown, ...given: unknown[]) => unknown;

/** The reading of a polling transport: while it is paused a POST waits for its answer, and only one may. */
class PostReading implements TransportReading {
  #until = 0;
  #isHeld = false;

  /** @param most packets of one POST; none beyond could be within the rate */
  constructor(transport: Transport, most: number) {
    const [onData, onDataRequest] = ["onData", "onDataRequest"].map((name) => Reflect.get(transport, name) as unknown);
    if (typeof onData !== "function" || typeof onDataRequest !== "function") return;
    const take = (request: IncomingMessage, response: ServerResponse): void =>
      void (onDataRequest as Method).call(transport, request, response);
    Reflect.set(transport, "onData", (payload: unknown) =>
      (onData as Method).call(transport, typeof payload === "string" ? cutPayload(payload, most) : payload),
    );
    Reflect.set(transport, "onDataRequest", (request: IncomingMessage, response: ServerResponse) => {
      const wait = this.#until - performance.now();
      if (wait <= 0) take(request, response);
      else if (this.#isHeld) response.writeHead(400).end();
      else {
        this.#isHeld = true;
        setTimeout(() => {
          this.#isHeld = false;
          if (!request.destroyed) take(request, response);
        }, wait);
      }
    });
  }

  pauseFor(ms: number): void {
    this.#until = Math.max(this.#until, performance.now() + ms);
  }

  ended(): void {}
}

/**
 * The payload without the packets beyond `most`. Events of namespaces that are not ours are not counted, as nowhere;
 * attachments go with the packet before them.
 */
export function cutPayload(payload: string, most: number): string {
  if (payload.length < 2 * most) return payload;
  let counted = 0;
  let isKept = true;
  const kept = payload.split(RECORD_SEPARATOR).filter((packet) => {
    if (packet.startsWith("b")) return isKept;
    const isOurs = !packet.startsWith("42") || EVENT_OF_OURS.some((start) => packet.startsWith(start));
    isKept = !isOurs || ++counted <= most;
    return isKept;
  });
  return kept.join(RECORD_SEPARATOR);
}

interface WatchableWebSocket extends EventEmitter {
  pause(): void;
  resume(): void;
  terminate(): void;
}

function isWebSocket(value: unknown): value is WatchableWebSocket {
  return typeof value === "object" && value !== null && "pause" in value && "terminate" in value;
}

function isDuplex(value: unknown): value is Duplex {
  return typeof value === "object" && value !== null && "push" in value && "_read" in value;
}
