// Protocol-level keep-alive: a ping at regular intervals, and the end of a connection that answers none.

/** The times of the keep-alive, in milliseconds. */
export interface KeepAliveTimes {
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
}

/** Where one connection stands. */
export class Lifeline {
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
