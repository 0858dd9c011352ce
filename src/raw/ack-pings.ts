// Raw clients send no acks: soon after durable frames they are pinged, and the pong says that the frames have arrived.

/** A connection that has sent durable frames. */
export interface Acknowledging {
  /** Pings now; or asks for another turn where frames wait before it. */
  pingForAck(): void;
}

/** Pause between two rounds when more are due than one round takes. */
const ROUND_MS = 25;
/** So many at least are pinged in a round; of more, a quarter. Ten thousand are through within a quarter of a second. */
const ROUND = 512;

/** Pings the connections of an engine, each `delayMs` after its first frame, in rounds that leave the thread to others. */
export class AckPings {
  readonly #delayMs: number;
  #queue: { readonly connection: Acknowledging; readonly due: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** Has the connection pinged once. */
  add(connection: Acknowledging): void {
    this.#queue.push({ connection, due: performance.now() + this.#delayMs });
    this.#wait(this.#delayMs);
  }

  /** Pings nobody any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#queue = [];
  }

  #wait(ms: number): void {
    this.#timer ??= setTimeout(() => this.#round(), ms).unref();
  }

  #round(): void {
    this.#timer = undefined;
    const now = performance.now() + 1; // a timer may fire a fraction of a millisecond early
    const firstLater = this.#queue.findIndex(({ due }) => due > now);
    const due = firstLater < 0 ? this.#queue.length : firstLater;
    const turn = this.#queue.splice(0, Math.min(due, Math.max(ROUND, Math.ceil(due / 4))));
    for (const { connection } of turn) connection.pingForAck();
    const next = this.#queue[0];
    if (next !== undefined) this.#wait(Math.max(ROUND_MS, next.due - now));
  }
}
