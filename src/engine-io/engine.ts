// An engine beside engine.io, for clients that open a WebSocket at once (`transport=websocket` and no session): no polling, no upgrade.
import { randomBytes } from "node:crypto";
import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { CLOSE } from "../connection/close-codes.ts";
import type { FlushSchedule } from "../connection/flush-schedule.ts";
import { undecidedRequest } from "../connection/kept-request.ts";
import type { RateVerdict } from "../connection/rate-verdict.ts";
import { type Query, queryOf } from "../connection/request.ts";
import { acceptUpgrade } from "../web-socket/accept.ts";
import type { DirectWriter } from "../web-socket/direct-write.ts";
import { type KeepAliveTimes, keepAlive } from "../web-socket/keep-alive.ts";
import type { UnsentLimits } from "../web-socket/send-queue.ts";
import { EngineIoConnection, type EngineIoContext } from "./connection.ts";
import { MessageFrames } from "./message-frames.ts";

/** What the engine works with. Times in milliseconds. */
export interface DirectEngineOptions {
  readonly maxMessageBytes: number;
  readonly unsent: UnsentLimits;
  /** Flushes what waits to be sent; shared with the other engines. */
  readonly flushes: FlushSchedule;
  readonly directWriter: DirectWriter | undefined;
  readonly keepAlive: KeepAliveTimes;
  readonly closeTimeoutMs: number;
  /** Creates the rate of what is no event, of one connection; events are limited where they are handled. */
  readonly otherRate: () => () => RateVerdict;
}

/** engine.io's server as far as it is used: it counts its connections, and tells Socket.IO of each. */
export interface EngineIo extends EventEmitter {
  readonly clients: Record<string, unknown>;
  clientsCount: number;
}

/** How a client asks for what this engine serves (engine.io-protocol 4). */
const PROTOCOL = "4";

/** The connections of one node that came over a WebSocket at once. */
export class DirectEngine {
  readonly #options: DirectEngineOptions;
  readonly #context: EngineIoContext;
  /** Each with the engine that counts it. */
  readonly #connections = new Map<EngineIoConnection, EngineIo>();
  readonly #stopKeepAlive: () => void;

  constructor(options: DirectEngineOptions) {
    this.#options = options;
    this.#context = {
      ...options,
      frames: new MessageFrames(),
      gone: (connection) => {
        if (connection instanceof EngineIoConnection) this.#gone(connection);
      },
    };
    this.#stopKeepAlive = keepAlive(this.#connections, options.keepAlive);
  }

  /** Whether a request to Socket.IO's path is for this engine; all others are engine.io's. */
  serves(query: Query): boolean {
    return (
      query["transport"] === "websocket" &&
      query["sid"] === undefined &&
      query["EIO"] === PROTOCOL &&
      query["b64"] === undefined
    );
  }

  /** Takes a checked upgrade request. The connection then counts as engine.io's own, which tells Socket.IO of it. */
  handleUpgrade(engine: EngineIo, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const kept = undecidedRequest(request, queryOf(request.url));
    const { maxMessageBytes, closeTimeoutMs } = this.#options;
    const id = randomBytes(15).toString("base64url");
    const accepted = acceptUpgrade(request, socket, head, { maxMessageBytes, closeTimeoutMs });
    if (accepted === undefined) return;
    const { webSocket, deflates } = accepted;
    const connection = new EngineIoConnection(id, kept, webSocket, deflates, this.#context);
    this.#connections.set(connection, engine);
    engine.clients[id] = connection;
    engine.clientsCount += 1;
    connection.open(maxMessageBytes);
    engine.emit("connection", connection);
  }

  #gone(connection: EngineIoConnection): void {
    const engine = this.#connections.get(connection);
    if (engine === undefined) return;
    this.#connections.delete(connection);
    delete engine.clients[connection.id];
    engine.clientsCount -= 1;
  }

  /** Closes every connection, and lets the keep-alive end. Resolves when the last one is gone. */
  async close(): Promise<void> {
    const connections = [...this.#connections.keys()];
    const gone = connections.map((connection) => new Promise((resolve) => connection.once("close", resolve)));
    for (const connection of connections) connection.shutDown({ code: CLOSE.draining, reason: "" });
    await Promise.all(gone);
    this.#stopKeepAlive();
  }
}
