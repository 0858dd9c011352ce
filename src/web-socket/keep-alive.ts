// Keep-alive over pings of the WebSocket protocol: when to ping, when a connection is dead, and what a pong says.
import type { WebSocket } from "./web-socket.ts";

/** The times of the keep-alive, in milliseconds. */
export interface KeepAliveTimes {
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
}

/** Checks all connections of an engine with one timer. Returns how to stop it. */
export function keepAlive(
  connections: { keys(): Iterable<{ checkAlive(now: number): void }> },
  { pingIntervalMs, pongTimeoutMs }: KeepAliveTimes,
): () => void {
  const every = Math.min(1000, Math.max(5, Math.min(pingIntervalMs, pongTimeoutMs) / 4));
  const timer = setInterval(() => {
    const now = performance.now();
    for (const connection of connections.keys()) connection.checkAlive(now);
  }, every).unref();
  return () => clearInterval(timer);
}

interface Awaited {
  readonly ping: number;
  readonly answered: () => void;
}

/**
 * The pings of one connection, numbered in their payload. A pong answers its ping and all before it (RFC 6455, 5.5.3: a client may
 * answer only the latest). Numbers that were never sent are ignored.
 */
export class PingTracker {
  readonly #webSocket: WebSocket;
  #sent = 0;
  #received = 0;
  #awaited: Awaited[] | undefined;

  constructor(webSocket: WebSocket) {
    this.#webSocket = webSocket;
  }

  /** A pong has come. @returns whether there were more pongs than pings by now */
  pong(payload: Buffer): boolean {
    this.#answered(Number(payload.toString("latin1")));
    this.#received++;
    return this.#received > this.#sent;
  }

  /** Pings now. `answered` is called when the pong comes, if it comes. */
  ping(answered?: () => void): void {
    this.#sent++;
    if (answered !== undefined) {
      this.#awaited ??= [];
      this.#awaited.push({ ping: this.#sent, answered });
    }
    this.#webSocket.ping(String(this.#sent));
  }

  #answered(number: number): void {
    if (this.#awaited === undefined || !(number <= this.#sent)) return;
    const upTo = this.#awaited.findIndex(({ ping }) => ping > number);
    for (const { answered } of this.#awaited.splice(0, upTo < 0 ? this.#awaited.length : upTo)) answered();
  }
}
