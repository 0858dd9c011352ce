// Which durable events a client has: those that were sent before a ping whose pong came back.
import type { Acknowledging, AckPings } from "./ack-pings.ts";
import type { Pongs } from "./pongs.ts";
import type { Outbox } from "./send-queue.ts";

/** The sent and not yet acknowledged events of one connection: the highest offset of each channel. */
export class Arrivals implements Acknowledging {
  readonly #turns: AckPings;
  readonly #outbox: Outbox;
  readonly #pongs: Pongs;
  readonly #onArrived: (channel: string, offset: number) => void;
  #sent: Map<string, number> | undefined;
  #pinged = false;

  constructor(turns: AckPings, outbox: Outbox, pongs: Pongs, onArrived: (channel: string, offset: number) => void) {
    this.#turns = turns;
    this.#outbox = outbox;
    this.#pongs = pongs;
    this.#onArrived = onArrived;
  }

  /** An event has been put into the outbox. */
  sent(channel: string, offset: number): void {
    if (this.#sent === undefined) {
      this.#sent = new Map();
      if (!this.#pinged) this.#turns.add(this);
    }
    if (offset > (this.#sent.get(channel) ?? 0)) this.#sent.set(channel, offset);
  }

  /** Sends the ping behind everything that was sent. Control frames would overtake what waits: then another turn is taken. */
  pingForAck(): void {
    const sent = this.#sent;
    if (sent === undefined) return;
    this.#outbox.flush();
    if (this.#outbox.blocked) {
      this.#turns.add(this);
      return;
    }
    this.#sent = undefined;
    this.#pinged = true;
    this.#pongs.ping(() => {
      this.#pinged = false;
      if (this.#sent !== undefined) this.#turns.add(this);
      for (const [channel, offset] of sent) this.#onArrived(channel, offset);
    });
  }
}
