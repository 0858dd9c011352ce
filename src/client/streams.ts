// The streams of one handle, by channel; each begins where an earlier run of the application left off.
import type { Meta } from "../contract/durable.ts";
import { type Deliveries, deliver } from "./deliver.ts";
import type { Position, Positions } from "./positions.ts";
import { type ReceivedEvent, Stream } from "./stream.ts";

/** What streams do their work with. */
export interface StreamsOptions extends Deliveries {
  positions: Positions;
  epoch(): string;
  handled(channel: string, position: Position): void;
  resubscribe(channel: string): void;
}

/** The streams of one user. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #streams = new Map<string, Stream>();
  readonly #opening = new Map<string, { early: ReceivedEvent[]; stream: Promise<Stream> }>();

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  /** The stream of a channel, with its stored position. */
  async open(channel: string): Promise<Stream> {
    const known = this.#streams.get(channel);
    if (known !== undefined) return known;
    const opening = this.#opening.get(channel) ?? { early: [], stream: this.#load(channel) };
    this.#opening.set(channel, opening);
    return opening.stream;
  }

  /** Hands an event to its stream. What comes while that is being opened waits for it. */
  receive(received: ReceivedEvent): void {
    const { channel } = received.meta;
    const known = this.#streams.get(channel);
    if (known === undefined) {
      void this.open(channel);
      this.#opening.get(channel)?.early.push(received);
    } else known.offer(received);
  }

  /** Forgets a channel; its stored position stays. What waits in it is not handled. */
  drop(channel: string): void {
    void this.#streams.get(channel)?.close();
    this.#streams.delete(channel);
  }

  has(channel: string): boolean {
    return this.#streams.has(channel);
  }

  /** The streams that are open, by channel. */
  entries(): [string, Stream][] {
    return [...this.#streams];
  }

  async close(): Promise<void> {
    await Promise.all([...this.#streams.values()].map((stream) => stream.close()));
  }

  async #load(channel: string): Promise<Stream> {
    const { positions, epoch, handled, resubscribe, listeners, report, signal } = this.#options;
    const position = await positions.load(channel).catch((error: unknown) => {
      report({ error, event: "load", attempt: 1, skipped: true });
      return undefined;
    });
    const stream = new Stream(
      {
        epoch,
        hasListener: (names) => [...names].some((name) => listeners(name).length > 0),
        deliver: (received) => deliver(received, this.#options),
        save: (position) => positions.save(channel, position),
        handled: (position) => handled(channel, position),
        resubscribe: () => resubscribe(channel),
        onError: (error) => {
          if (!signal.aborted) report({ error, event: "save", attempt: 1, skipped: true });
        },
      },
      position,
    );
    this.#streams.set(channel, stream);
    for (const received of this.#opening.get(channel)?.early ?? []) stream.offer(received);
    this.#opening.delete(channel);
    return stream;
  }
}

/** The `meta` of a durable event; undefined for anything else, such as an event emitted past the log. */
export function metaOf(value: unknown): Meta | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { channel, offset, id } = value as Partial<Record<keyof Meta, unknown>>;
  if (typeof channel !== "string" || typeof offset !== "number" || typeof id !== "string") return undefined;
  return { channel, offset, id };
}
