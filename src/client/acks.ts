// Acks in batches: the server hears how far each channel has been handled, a few times a second at most.
import type { Position } from "./positions.ts";
import { Alarm } from "./timers.ts";

/** An ack goes out this long after the first handled event, in milliseconds, … */
const WITHIN_MS = 250;
/** … or after this many events. */
const MAX_NOTED = 100;

/** Collects what has been handled. */
export class Acks {
  readonly #send: (channel: string, position: Position) => Promise<unknown>;
  readonly #alarm = new Alarm();
  readonly #pending = new Map<string, Position>();
  #noted = 0;

  /** `send` resolves when the server has taken an ack, and rejects when it must be sent again. */
  constructor(send: (channel: string, position: Position) => Promise<unknown>) {
    this.#send = send;
  }

  /** Everything in `channel` up to there has been handled. Comes in the order of the offsets. */
  note(channel: string, position: Position): void {
    this.#pending.set(channel, position);
    this.#noted++;
    if (this.#noted === 1) this.#alarm.after(WITHIN_MS, () => void this.flush());
    else if (this.#noted === MAX_NOTED) void this.flush();
  }

  /** Sends what has been noted. What does not arrive is sent with the next flush. */
  async flush(): Promise<void> {
    this.#alarm.cancel();
    this.#noted = 0;
    const sent = [...this.#pending];
    const taken = (channel: string, position: Position): void => {
      if (this.#pending.get(channel) === position) this.#pending.delete(channel);
    };
    const later = (): void => undefined; // with the next flush
    await Promise.all(
      sent.map(([name, position]) => this.#send(name, position).then(() => taken(name, position), later)),
    );
  }

  stop(): void {
    this.#alarm.cancel();
  }
}
