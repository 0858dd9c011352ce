// One channel as the application sees it: every event once, in the order of the offsets, however it arrives.
import type { Meta } from "../contract/durable.ts";
import type { Position } from "./positions.ts";

/** A durable event as it came over the wire. */
export interface Arrival {
  event: string;
  payload: unknown;
  meta: Meta;
}

/** What a stream does its work with. */
export interface StreamOptions {
  /** The log that offsets belong to now. */
  epoch(): string;
  /** Whether anyone listens to this channel's events. Unheard ones are left for later. */
  heard(): boolean;
  /** Hands an event to its listeners; resolves when they are done with it. */
  deliver(arrival: Arrival): Promise<void>;
  /** Keeps how far the channel has been handled. */
  save(position: Position): Promise<void>;
  /** Everything up to there has been handled and saved. */
  handled(position: Position): void;
  /** Asks the server for everything after {@link Stream.since}. */
  askAgain(): void;
  /** Told when a position could not be saved. */
  onError(error: unknown): void;
}

/** More than this many waiting events are not taken: they are asked for again once those before them are done. */
const MOST_WAITING = 1000;

/** The events of one channel. */
export class Stream {
  readonly #options: StreamOptions;
  readonly #jobs: (() => Promise<void>)[] = [];
  #working: Promise<void> | undefined;
  #tail: Position | undefined;
  #anywhere = false;
  #asked = false;
  #closed = false;
  #left: "unheard" | "too many" | undefined;

  /** `from` is where an earlier run of the application left off. */
  constructor(options: StreamOptions, from?: Position) {
    this.#options = options;
    this.#tail = from;
  }

  /** The last event that was taken; what comes after it is wanted. Undefined until something is known. */
  get since(): Position | undefined {
    return this.#tail;
  }

  /** Takes an event if it is the next one. One that was seen is dropped; one that is too far ahead is asked for again. */
  offer(arrival: Arrival): void {
    if (this.#closed) return;
    const { offset } = arrival.meta;
    if (this.#tail !== undefined && offset <= this.#tail.offset) return;
    if (this.#left !== undefined) return;
    if (this.#tail !== undefined && offset > this.#tail.offset + 1 && !this.#anywhere) {
      this.#ask();
      return;
    }
    if (!this.#options.heard()) {
      this.#left = "unheard";
      this.#tail ??= { offset: offset - 1, epoch: this.#options.epoch() };
      return;
    }
    if (this.#jobs.length >= MOST_WAITING) {
      this.#left = "too many";
      return;
    }
    const position = { offset, epoch: this.#options.epoch() };
    this.#tail = position;
    this.#anywhere = false;
    this.#do(async () => {
      await this.#options.deliver(arrival);
      await this.#options.save(position);
      this.#options.handled(position);
    });
  }

  /**
   * The server goes on after `offset`: the start of a channel that nothing was known of, or, with `lost`, where it
   * goes on although something in between is gone.
   */
  startAfter(offset: number, { lost = false } = {}): void {
    this.#asked = false;
    this.#anywhere = false;
    if (this.#tail !== undefined && !lost) return;
    const position = { offset, epoch: this.#options.epoch() };
    this.#tail = position;
    this.#do(() => this.#options.save(position));
  }

  /** Something is gone, and the server sends what there is, from wherever that begins. */
  startAnywhere(): void {
    this.startAfter(0, { lost: true });
    this.#anywhere = true;
  }

  /** Somebody listens now: asks for what was left. */
  listened(): void {
    if (this.#left !== "unheard") return;
    this.#left = undefined;
    this.#ask();
  }

  /** A new connection: what was asked for on the old one will not come. */
  reconnected(): void {
    this.#asked = false;
    if (this.#left === "unheard" && this.#options.heard()) this.#left = undefined;
  }

  /** Takes nothing more, drops what waits (neither is acknowledged: it comes again), and resolves when what runs is done. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#jobs.length = 0;
    await this.#working;
  }

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#options.askAgain();
  }

  #do(job: () => Promise<void>): void {
    this.#jobs.push(job);
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      await job().catch(this.#options.onError);
      this.#jobs.shift();
    }
    this.#working = undefined;
    if (this.#left !== "too many") return;
    this.#left = undefined;
    this.#ask();
  }
}
