// The raw engine: to Socket.IO an engine like engine.io (`io.bind(engine)`), to its clients a WebSocket server with five dialects.
import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { keepAlive } from "../web-socket/keep-alive.ts";
import { DRAINING } from "./close-frame.ts";
import type { Dialect } from "./codec.ts";
import { type AcceptedConnection, type RawContext, RawSocket } from "./connection.ts";
import { AckPingSchedule } from "./delivery-acks.ts";
import { FrameCache } from "./frame-cache.ts";
import { type RawEngineOptions, TIMES } from "./options.ts";
import { UpgradeHandler } from "./upgrade-handler.ts";

/** Emits `connection` with each {@link RawSocket}. Bind it before `io.attach`: `io.engine` should be engine.io's. */
export class RawEngine<A = unknown> extends EventEmitter {
  readonly #release: (admission: A) => void;
  readonly #dialects: ReadonlyMap<string, Dialect>;
  readonly #connections = new Set<RawSocket>();
  readonly #upgradeHandler: UpgradeHandler<A>;
  readonly #context: RawContext;
  readonly #stopKeepAlive: () => void;

  constructor(options: RawEngineOptions<A>) {
    super();
    const times = { ...TIMES, ...options.times };
    this.#release = options.release;
    this.#dialects = new Map(options.dialects.map((dialect) => [dialect.path, dialect]));
    this.#context = {
      frameCache: new FrameCache((error) => options.onFault("frame", error)),
      flushes: options.flushes,
      directWriter: options.directWriter,
      ackPings: new AckPingSchedule(times.ackPingMs),
      unsent: options.unsent,
      keepAlive: options.keepAlive,
      times,
      otherRate: options.messageRate,
      gone: (connection) => {
        if (connection instanceof RawSocket) this.#gone(connection);
      },
      onMalformed: options.onMalformed,
    };
    this.#upgradeHandler = new UpgradeHandler(options, times, (accepted) => this.#connect(accepted));
    this.#stopKeepAlive = keepAlive(this.#connections, options.keepAlive);
  }

  /** Open connections, those that are being decided on included. */
  get clientsCount(): number {
    return this.#connections.size + this.#upgradeHandler.waiting;
  }

  /** The dialect that is spoken at exactly this path. */
  dialectAt(path: string): Dialect | undefined {
    return this.#dialects.get(path);
  }

  /** Takes an upgrade request for a dialect's path. Never throws. */
  handleUpgrade(dialect: Dialect, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#upgradeHandler.handle(dialect, request, socket, head);
  }

  /**
   * Closes every connection with 1001 (those that are closing already keep their code) and lets nobody in any more. Resolves
   * when the last one is gone, at the latest after the time a close frame may go unanswered.
   */
  async close(): Promise<void> {
    this.#upgradeHandler.close();
    const connections = [...this.#connections];
    const gone = connections.map((connection) => new Promise((resolve) => connection.once("close", resolve)));
    for (const connection of connections) connection.shutDown(DRAINING);
    await Promise.all(gone);
    this.#stopKeepAlive();
    this.#context.ackPings.close();
  }

  #gone(connection: RawSocket): void {
    this.#connections.delete(connection);
    if (!connection.accepted) this.#release(connection.admission as A);
  }

  #connect(accepted: AcceptedConnection): void {
    const connection = new RawSocket(accepted, this.#context);
    this.#connections.add(connection);
    this.emit("connection", connection);
    connection.joinNamespace();
  }
}
