// One channel as the application sees it: every event once, in the order of the offsets, however it arrives.
import type { Meta } from "../contract/durable.ts";
import type { Position } from "./positions.ts";

/** A durable event as it came over the socket. */
export interface ReceivedEvent {
  event: string;
  payload: unknown;
  meta: Meta;
}

/** What a stream works with. */
export interface StreamOptions {
  /** The log that offsets belong to now. */
  epoch(): string;
  /** Whether an event of one of these names has a listener. */
  hasListener(names: ReadonlySet<string>): boolean;
  /** Hands an event to its listeners; resolves when they are done with it. */
  deliver(received: ReceivedEvent): Promise<void>;
  /** Keeps how far the channel has been handled. */
  save(position: Position): Promise<void>;
  /** Everything up to there has been handled and saved. */
  handled(position: Position): void;
  /** Asks the server for everything after {@link Stream.since}. */
  resubscribe(): void;
  /** Told when a position could not be saved. */
  onError(error: unknown): void;
}

/** More than this many waiting events are not taken: they are asked for again once those before them are done. */
const MAX_WAITING = 1000;

interface Job {
  /** Waits until somebody listens to the channel. */
  readonly isEvent: boolean;
  readonly run: () => Promise<void>;
}

/**
 * The events of one channel. Which events a channel has is learnt from what arrives, so that the client needs no list of them and
 * knows those of a newer server. While none of their names has a listener they wait; once one has, those without a listener
 * count as handled, because the application does not care for them.
 */
export class Stream {
  readonly #options: StreamOptions;
  readonly #names = new Set<string>();
  readonly #jobs: Job[] = [];
  #working: Promise<void> | undefined;
  #position: Position | undefined;
  #acceptsAnyOffset = false;
  #hasAsked = false;
  #isClosed = false;
  #hasSkipped = false;

  /** `from` is where an earlier run of the application left off. */
  constructor(options: StreamOptions, from?: Position) {
    this.#options = options;
    this.#position = from;
  }

  /** The last event that was taken; what comes after it is wanted. Undefined until something is known. */
  get since(): Position | undefined {
    return this.#position;
  }

  /** Takes an event if it is the next one. One that was seen is dropped; one that is too far ahead is asked for again. */
  offer(received: ReceivedEvent): void {
    if (this.#isClosed) return;
    const { offset } = received.meta;
    const known = this.#position?.offset;
    if ((known !== undefined && offset <= known) || this.#hasSkipped) return;
    if (known !== undefined && offset > known + 1 && !this.#acceptsAnyOffset) {
      this.#ask();
      return;
    }
    if (this.#jobs.length >= MAX_WAITING) {
      this.#hasSkipped = true;
      return;
    }
    const position = { offset, epoch: this.#options.epoch() };
    this.#position = position;
    this.#acceptsAnyOffset = false;
    this.#names.add(received.event);
    this.#do({
      isEvent: true,
      run: async () => {
        await this.#options.deliver(received);
        await this.#options.save(position);
        this.#options.handled(position);
      },
    });
  }

  /**
   * The server goes on after `offset`: the start of a channel that nothing was known of, or, with `lost`, where it
   * goes on although something in between is gone.
   */
  startAfter(offset: number, { lost = false } = {}): void {
    this.#hasAsked = false;
    this.#acceptsAnyOffset = false;
    if (this.#position !== undefined && !lost) return;
    const position = { offset, epoch: this.#options.epoch() };
    this.#position = position;
    this.#do({ isEvent: false, run: () => this.#options.save(position) });
  }

  /** Something is gone, and the server sends what there is, from wherever that begins. */
  startAnywhere(): void {
    this.startAfter(0, { lost: true });
    this.#acceptsAnyOffset = true;
  }

  /** A listener was added: goes on if it is one for this channel. */
  listenerAdded(): void {
    this.#start();
  }

  /** A new connection: what was asked for on the old one will not come. */
  reconnected(): void {
    this.#hasAsked = false;
  }

  /** Takes nothing more, drops what waits (it is not acknowledged: it comes again), and resolves when what runs is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#jobs.length = 0;
    await this.#working;
  }

  #ask(): void {
    if (this.#hasAsked) return;
    this.#hasAsked = true;
    this.#options.resubscribe();
  }

  #do(job: Job): void {
    this.#jobs.push(job);
    this.#start();
  }

  #start(): void {
    const [first] = this.#jobs;
    if (this.#working === undefined && first !== undefined && this.#isDue(first)) this.#working = this.#work();
  }

  async #work(): Promise<void> {
    for (let job = this.#jobs[0]; job !== undefined && this.#isDue(job); job = this.#jobs[0]) {
      await job.run().catch(this.#options.onError);
      this.#jobs.shift();
    }
    this.#working = undefined;
    if (!this.#hasSkipped || this.#jobs.length > 0) return;
    this.#hasSkipped = false;
    this.#ask();
  }

  #isDue({ isEvent }: Job): boolean {
    return !isEvent || this.#options.hasListener(this.#names);
  }
}
