// Keep-alive over pings of the WebSocket protocol: when to ping, when a connection is dead, and what a pong says.
import type { WebSocket } from "ws";

/** The times of the keep-alive, in milliseconds. */
export interface KeepAliveTimes {
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
}

/** Where one connection stands. */
export class KeepAliveState {
  readonly #times: KeepAliveTimes;
  #pingAt: number;
  #deadline = Number.POSITIVE_INFINITY;

  /** The first ping comes somewhere in the second half of the interval, so that those who came together are not pinged together. */
  constructor(times: KeepAliveTimes, now: number) {
    this.#times = times;
    this.#pingAt = now + times.pingIntervalMs * (0.5 + Math.random() / 2);
  }

  /** A pong has come, of whatever ping. */
  pong(): void {
    this.#deadline = Number.POSITIVE_INFINITY;
  }

  /** What is to be done now. After `ping` the connection must be pinged. */
  check(now: number): "nothing" | "ping" | "dead" {
    if (now >= this.#deadline) return "dead";
    if (now < this.#pingAt || this.#deadline < Number.POSITIVE_INFINITY) return "nothing";
    this.#pingAt = now + this.#times.pingIntervalMs;
    this.#deadline = now + this.#times.pongTimeoutMs;
    return "ping";
  }
}

/** Checks all connections of an engine with one timer. Returns how to stop it. */
export function keepAlive(
  connections: ReadonlySet<{ checkAlive(now: number): void }>,
  { pingIntervalMs, pongTimeoutMs }: KeepAliveTimes,
): () => void {
  const every = Math.min(1000, Math.max(5, Math.min(pingIntervalMs, pongTimeoutMs) / 4));
  const timer = setInterval(() => {
    const now = performance.now();
    for (const connection of connections) connection.checkAlive(now);
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
  readonly #ws: WebSocket;
  #sent = 0;
  #received = 0;
  #awaited: Awaited[] = [];

  /** @param onSurplus told of every pong above the number of pings */
  constructor(ws: WebSocket, onPong: () => void, onSurplus: () => void) {
    this.#ws = ws;
    ws.on("pong", (payload: Buffer) => {
      if (++this.#received > this.#sent) onSurplus();
      onPong();
      this.#answered(Number(payload.toString("latin1")));
    });
  }

  /** Pings now. `answered` is called when the pong comes, if it comes. */
  ping(answered?: () => void): void {
    this.#sent++;
    if (answered !== undefined) this.#awaited.push({ ping: this.#sent, answered });
    this.#ws.ping(String(this.#sent));
  }

  #answered(number: number): void {
    if (!(number <= this.#sent)) return;
    const upTo = this.#awaited.findIndex(({ ping }) => ping > number);
    for (const { answered } of this.#awaited.splice(0, upTo < 0 ? this.#awaited.length : upTo)) answered();
  }
}
