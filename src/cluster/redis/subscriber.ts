// Holds subscriptions through every reconnect, and keeps a listener's exception away from the Redis parser.
import { Listeners } from "../listeners.ts";
import type { Connection } from "./connection.ts";
import type { FaultLog } from "./fault-log.ts";

/** Called with the raw payload and the channel it came on. */
export type MessageListener = (message: Buffer, channel: Buffer) => void;

/** A pause before a subscription that failed is tried again. */
const RETRY_MS = 200;

type Kind = "channel" | "pattern";
type Wanted = { readonly kind: Kind; readonly name: string; readonly guarded: MessageListener; confirmed: boolean };

/**
 * The receiving end of pub/sub. node-redis subscribes again by itself after a reconnect, but only to what was confirmed
 * before the cut, and an exception in a listener breaks its parser: both are dealt with here.
 */
export class Subscriber {
  readonly #connection: Connection;
  readonly #faults: Pick<FaultLog, "note">;
  readonly #wanted = new Set<Wanted>();
  readonly #guarded = new WeakMap<MessageListener, MessageListener>();
  readonly #readiness = new Listeners<"ready">();
  readonly #timers = new Set<NodeJS.Timeout>();
  #failures = 0;
  #closed = false;

  /** `faults` is told of subscriptions that Redis refuses. */
  constructor(connection: Connection, faults: Pick<FaultLog, "note">) {
    this.#connection = connection;
    this.#faults = faults;
    connection.on("error", () => undefined); // the health tells of outages; readiness is told below
    connection.on("ready", () => this.#tellReady());
  }

  /** Subscribes, now or as soon as Redis allows it. */
  subscribe(kind: Kind, name: string, listener: MessageListener): void {
    const wanted: Wanted = { kind, name, guarded: this.#guard(listener), confirmed: false };
    this.#wanted.add(wanted);
    this.#try(wanted);
  }

  /** Takes a subscription back. */
  unsubscribe(kind: Kind, name: string, listener: MessageListener): void {
    const guarded = this.#guard(listener);
    for (const wanted of this.#wanted) {
      if (wanted.kind === kind && wanted.name === name && wanted.guarded === guarded) this.#wanted.delete(wanted);
    }
    const left =
      kind === "channel"
        ? this.#connection.unsubscribe(name, guarded, true)
        : this.#connection.pUnsubscribe(name, guarded, true);
    left.catch(() => undefined); // the connection is gone, and the subscription with it
  }

  /** Whether the connection stands and every subscription is confirmed. */
  isReady(): boolean {
    return this.#connection.isReady && [...this.#wanted].every((wanted) => wanted.confirmed);
  }

  /** Called whenever everything is subscribed (again); returns how to stop. */
  onReady(listener: () => void): () => void {
    return this.#readiness.add(listener);
  }

  /** How many messages ended in an exception of their listener. */
  failures(): number {
    return this.#failures;
  }

  /** Subscribes to nothing more. */
  close(): void {
    this.#closed = true;
    this.#wanted.clear();
    this.#readiness.clear();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #guard(listener: MessageListener): MessageListener {
    const known = this.#guarded.get(listener);
    if (known !== undefined) return known;
    const guarded: MessageListener = (message, channel) => {
      try {
        listener(message, channel);
      } catch {
        this.#failures += 1;
      }
    };
    this.#guarded.set(listener, guarded);
    return guarded;
  }

  #try(wanted: Wanted): void {
    if (this.#closed || !this.#wanted.has(wanted)) return;
    const { kind, name, guarded } = wanted;
    const subscribed =
      kind === "channel"
        ? this.#connection.subscribe(name, guarded, true)
        : this.#connection.pSubscribe(name, guarded, true);
    subscribed.then(
      () => {
        wanted.confirmed = true;
        this.#tellReady();
      },
      (error: unknown) => {
        this.#faults.note(error);
        this.#later(() => this.#try(wanted));
      },
    );
  }

  #later(work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, RETRY_MS);
    timer.unref();
    this.#timers.add(timer);
  }

  #tellReady(): void {
    if (this.isReady()) this.#readiness.tell("ready");
  }
}
