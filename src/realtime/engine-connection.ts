// Connections of Socket.IO's own transports, as the namespaces see them.
import type { EventEmitter } from "node:events";
import type { Socket as NetSocket } from "node:net";
import type { Socket } from "socket.io";
import { asClientConnection, type ClientConnection } from "../connection/client-connection.ts";
import { isCleanClose } from "../connection/close-codes.ts";
import { pauseTransport } from "./inbound.ts";

/** A connection of engine.io, as Socket.IO's types show it. */
export type EngineSocket = Socket["conn"];

/** A packet as engine.io queues it. */
export interface QueuedPacket {
  readonly data?: unknown;
}

/** The WebSocket of a transport, as far as it is used: all but `_socket` is its public face. */
export interface TransportWebSocket {
  readonly bufferedAmount: number;
  terminate(): void;
  prependListener(event: "close", listener: (code: number) => void): unknown;
  readonly _socket?: NetSocket | null;
}

/** Where the view of an engine.io connection is kept: with the connection itself, for all of its sockets. */
const VIEW = Symbol("ClientConnection");

/** The connection behind a socket: a raw one itself, otherwise a view of engine.io's, which costs one small object. */
export function connectionOf(connection: EngineSocket & { [VIEW]?: ClientConnection }): ClientConnection {
  connection[VIEW] ??= asClientConnection(connection) ?? new EngineConnection(connection);
  return connection[VIEW];
}

/** One connection of engine.io. */
class EngineConnection implements ClientConnection {
  readonly admission = undefined;
  readonly #engine: EngineSocket;
  #endedCleanly = false;

  constructor(engine: EngineSocket) {
    this.#engine = engine;
    this.#watchClose();
    engine.on("upgrade", () => this.#watchClose());
  }

  get endedCleanly(): boolean {
    return this.#endedCleanly;
  }

  /** Notes how a WebSocket ends before engine.io hears of it, which tells its sockets without the code. */
  #watchClose(): void {
    webSocketOf(this.#engine)?.prependListener("close", (code) => {
      this.#endedCleanly = this.#engine.readyState === "open" && isCleanClose(code);
    });
  }

  get transportName(): string {
    return this.#engine.transport.name;
  }

  get bufferedBytes(): number {
    const waiting: unknown = Reflect.get(this.#engine, "writeBuffer");
    let bytes = webSocketOf(this.#engine)?.bufferedAmount ?? 0;
    if (Array.isArray(waiting)) for (const packet of waiting as QueuedPacket[]) bytes += sizeOf(packet);
    return bytes;
  }

  async drained(): Promise<void> {
    // engine.io sends on as soon as it has drained: look again.
    while (this.#engine.readyState !== "closed" && this.bufferedBytes > 0) await this.#drainOrEnd();
  }

  /** Pings the client below Socket.IO; any pong within the time will do. */
  probe(timeoutMs: number): Promise<boolean> {
    const engine: EventEmitter = this.#engine;
    return new Promise((resolve) => {
      const settle = (alive: boolean) => {
        clearTimeout(timer);
        engine.off("heartbeat", onPong);
        resolve(alive);
      };
      const onPong = () => settle(true);
      const timer = setTimeout(settle, timeoutMs, false);
      engine.once("heartbeat", onPong);
      (engine as unknown as { sendPacket(type: string): void }).sendPacket("ping");
    });
  }

  pauseReading(ms: number): void {
    if (this.#engine.readyState === "open") pauseTransport(this.#engine.transport, ms);
  }

  /** Socket.IO's protocol has no close code. */
  closeWith(): void {}

  /** Resolves at the transport's next `drain`, or when there is another transport, or none any more. */
  #drainOrEnd(): Promise<void> {
    const engine: EventEmitter = this.#engine;
    const transport: EventEmitter = this.#engine.transport;
    return new Promise((resolve) => {
      const settle = () => {
        transport.off("drain", settle);
        engine.off("close", settle);
        engine.off("upgrade", settle);
        resolve();
      };
      transport.on("drain", settle);
      engine.on("close", settle);
      engine.on("upgrade", settle);
    });
  }
}

/** The WebSocket below a connection; undefined while it polls. */
export function webSocketOf({ transport }: EngineSocket): TransportWebSocket | undefined {
  const webSocket: unknown = Reflect.get(transport, "socket");
  const isOne = typeof webSocket === "object" && webSocket !== null && "bufferedAmount" in webSocket;
  return isOne ? (webSocket as TransportWebSocket) : undefined;
}

/** Bytes of a packet's data. */
export function sizeOf({ data }: QueuedPacket): number {
  if (typeof data === "string") return data.length;
  return ArrayBuffer.isView(data) ? data.byteLength : 0;
}
