// A subscription of one socket to one channel: what was missed first, in order, then what happens.
import type { ClientConnection } from "../../connection/client-connection.ts";
import type { EventLog } from "../../event-log/event-log.ts";
import type { Semaphore } from "../../store/batching/semaphore.ts";
import { closeFaulty } from "../closing.ts";
import type { AnySocket } from "../types.ts";
import type { ReadBounds } from "./channel-bounds.ts";
import type { Delivery } from "./delivery.ts";
import { emitLogged } from "./emit-logged.ts";
import { resolveStart, type StartPosition, type SubscriptionStart } from "./start-position.ts";
import type { Stream } from "./stream.ts";

/** Events read at once, if they are small. */
const PAGE = 64;
/** Unsent bytes of a client at which a replay waits for it, and bytes that are read at once at most. */
const AHEAD_BYTES = 65_536;

/** What subscriptions share on a node. */
export interface SubscriptionDependencies {
  eventLog: EventLog;
  boundsOf: ReadBounds;
  delivery: Delivery;
  /** Bounds the replays that read the log at the same time. */
  replays: Semaphore;
  onFault: (error: unknown) => void;
}

/** Subscribes a socket; nothing is sent before `begin`. `user` is whose cursor is used. Rejects when the log cannot be read. */
export async function subscribeSocket(
  socket: AnySocket,
  channel: string,
  from: StartPosition,
  user: string,
  dependencies: SubscriptionDependencies,
): Promise<Subscription> {
  const { delivery } = dependencies;
  const stream = await delivery.open(channel);
  const start = await resolveStart(channel, from, user, stream.head, dependencies).catch((error: unknown) => {
    delivery.leave(channel, stream);
    throw error;
  });
  return new Subscription(socket, channel, stream, start, dependencies);
}

/** A running subscription. */
export class Subscription {
  readonly channel: string;
  /** Where it began. */
  readonly start: SubscriptionStart;
  readonly #socket: AnySocket;
  readonly #connection: ClientConnection;
  readonly #stream: Stream;
  readonly #dependencies: SubscriptionDependencies;
  #position: number;
  #state: "replaying" | "live" | "ended" = "replaying";

  constructor(
    socket: AnySocket,
    channel: string,
    stream: Stream,
    start: SubscriptionStart,
    dependencies: SubscriptionDependencies,
  ) {
    this.channel = channel;
    this.start = start;
    this.#socket = socket;
    this.#connection = socket.data.connection;
    this.#stream = stream;
    this.#dependencies = dependencies;
    this.#position = start.position;
  }

  /** Everything up to here has been sent to the client. */
  get position(): number {
    return this.#state === "live" ? this.#stream.head : this.#position;
  }

  /** Starts sending. Called once the client has its answer, so that the answer comes first. */
  begin(): void {
    this.#replay().catch((error: unknown) => {
      this.#dependencies.onFault(error);
      // The client would wait for ever for what comes next: it comes again, and gets it.
      if (!this.#isOver()) closeFaulty(this.#socket);
    });
  }

  /** Sends nothing from now on. */
  end(): void {
    if (this.#state === "ended") return;
    if (this.#state === "live") this.#position = this.#stream.head;
    this.#state = "ended";
    this.#dependencies.delivery.leaveLive(this.channel, this.#stream, this.#socket);
    this.#dependencies.delivery.leave(this.channel, this.#stream);
  }

  #isOver(): boolean {
    return this.#state === "ended" || !this.#socket.connected;
  }

  /** The client has too much before it to be sent more. */
  #isFull(): boolean {
    return this.#connection.bufferedBytes > AHEAD_BYTES;
  }

  async #replay(): Promise<void> {
    for (;;) {
      await this.#connection.drained();
      await this.#stream.reached(this.#position); // the database may be ahead of what this node has heard
      if (this.#isOver()) return;
      if (this.#position === this.#stream.head) break;
      await this.#sendPage();
    }
    // Nothing has come in since that comparison: both are in one turn of the event loop.
    this.#state = "live";
    this.#dependencies.delivery.joinLive(this.channel, this.#stream, this.#socket);
  }

  /** Sends what is next. Holds nothing while the client does not read: what it has no room for is read again later. */
  async #sendPage(): Promise<void> {
    const { eventLog, replays } = this.#dependencies;
    const page = await replays.run(async () =>
      this.#isFull() ? undefined : eventLog.read(this.channel, this.#position, PAGE, AHEAD_BYTES),
    );
    if (page === undefined) return; // other subscriptions of this client were quicker
    const { events, head } = page;
    for (const event of events) {
      if (this.#isFull() || this.#isOver()) return;
      emitLogged(this.#socket, event);
      this.#position = event.offset;
    }
    if (events.length === 0) this.#position = Math.max(this.#position, head); // retention was quicker
    this.#stream.receive(events);
  }
}
