// Delivery acks of clients that send none: soon after durable frames they are pinged, and the pong says that the frames have arrived.
import type { PingTracker } from "../web-socket/keep-alive.ts";
import type { SendQueue } from "../web-socket/send-queue.ts";

/** A connection that has sent durable frames. */
export interface AckPinged {
  /** Pings now; or asks to be pinged later where frames wait before it. */
  pingForAck(): void;
}

/** Pause between two rounds when more are due than one round takes. */
const ROUND_MS = 25;
/** At least this many are pinged in a round; of more, a quarter. Ten thousand are through within a quarter of a second. */
const ROUND_SIZE = 512;

/** Pings the connections of an engine, each `delayMs` after its first frame, in rounds that leave the thread to others. */
export class AckPingSchedule {
  readonly #delayMs: number;
  #queue: { readonly connection: AckPinged; readonly due: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** Has the connection pinged once. */
  add(connection: AckPinged): void {
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
    const round = this.#queue.splice(0, Math.min(due, Math.max(ROUND_SIZE, Math.ceil(due / 4))));
    for (const { connection } of round) connection.pingForAck();
    const next = this.#queue[0];
    if (next !== undefined) this.#wait(Math.max(ROUND_MS, next.due - now));
  }
}

/** The sent and not yet acknowledged events of one connection: the highest offset of each channel. */
export class DeliveryAcks implements AckPinged {
  readonly #schedule: AckPingSchedule;
  readonly #sendQueue: SendQueue;
  readonly #pings: PingTracker;
  readonly #onDelivered: (channel: string, offset: number) => void;
  #sent: Map<string, number> | undefined;
  #pinged = false;

  constructor(
    schedule: AckPingSchedule,
    sendQueue: SendQueue,
    pings: PingTracker,
    onDelivered: (channel: string, offset: number) => void,
  ) {
    this.#schedule = schedule;
    this.#sendQueue = sendQueue;
    this.#pings = pings;
    this.#onDelivered = onDelivered;
  }

  /** An event has been put into the send queue. */
  sent(channel: string, offset: number): void {
    if (this.#sent === undefined) {
      this.#sent = new Map();
      if (!this.#pinged) this.#schedule.add(this);
    }
    if (offset > (this.#sent.get(channel) ?? 0)) this.#sent.set(channel, offset);
  }

  /** Sends the ping behind everything that was sent. Control frames would overtake what waits: then it is pinged later. */
  pingForAck(): void {
    const sent = this.#sent;
    if (sent === undefined) return;
    this.#sendQueue.flush();
    if (this.#sendQueue.blocked) {
      this.#schedule.add(this);
      return;
    }
    this.#sent = undefined;
    this.#pinged = true;
    this.#pings.ping(() => {
      this.#pinged = false;
      if (this.#sent !== undefined) this.#schedule.add(this);
      for (const [channel, offset] of sent) this.#onDelivered(channel, offset);
    });
  }
}
