// A subscription of one socket to one channel: what was missed first, in order, then what happens.
import type { Log } from "../../event-log/event-log.ts";
import type { Turns } from "../../store/batching/semaphore.ts";
import { closeFaulty } from "../closing.ts";
import type { AnySocket } from "../types.ts";
import type { ReadBounds } from "./channel-bounds.ts";
import { type Delivery, liveRoom } from "./delivery.ts";
import { emitLogged } from "./emit-logged.ts";
import { resolveStart, type StartPosition, type SubscriptionStart } from "./start-position.ts";

/** Events read at once, if they are small. */
const PAGE = 64;
/** A replay waits for the client once so many bytes are on their way to it, and reads no more at once. */
const AHEAD_BYTES = 65_536;

/** A running subscription. */
export interface Subscription {
  readonly channel: string;
  /** Where it began. */
  readonly start: SubscriptionStart;
  /** Everything up to here has been sent to the client. */
  readonly position: number;
  /** Starts sending. Called once the client has its answer, so that the answer comes first. */
  begin(): void;
  /** Sends nothing from now on. */
  end(): void;
}

/** What subscriptions share on a node. */
export interface SubscriptionDependencies {
  eventLog: Log;
  boundsOf: ReadBounds;
  delivery: Delivery;
  /** The replays that read the log at the same time. */
  turns: Turns;
  onFault: (error: unknown) => void;
}

/** Subscribes a socket. `user` is whose cursor is used. Rejects when the log cannot be read. */
export async function subscribeSocket(
  socket: AnySocket,
  channel: string,
  from: StartPosition,
  user: string,
  dependencies: SubscriptionDependencies,
): Promise<Subscription> {
  const { eventLog, delivery, turns, onFault } = dependencies;
  const { connection } = socket.data;
  const room = liveRoom(channel);
  const stream = await delivery.open(channel);
  const start = await resolveStart(channel, from, user, stream.head, dependencies).catch((error: unknown) => {
    delivery.leave(channel);
    throw error;
  });
  let { position } = start;
  let state: "replaying" | "live" | "ended" = "replaying";

  const isOver = (): boolean => state === "ended" || !socket.connected;

  async function replay(): Promise<void> {
    for (;;) {
      await connection.drained();
      await stream.reached(position); // the database may be ahead of what this node has heard
      if (isOver()) return;
      if (position === stream.head) break;
      await sendPage();
    }
    // Nothing has come in since that comparison: both are in one turn of the event loop.
    state = "live";
    void socket.join(room);
  }

  /** Sends what is next. Holds nothing while the client does not read: what it has no room for is read again later. */
  async function sendPage(): Promise<void> {
    const isFull = (): boolean => connection.bufferedBytes > AHEAD_BYTES;
    const page = await turns(async () => (isFull() ? undefined : eventLog.read(channel, position, PAGE, AHEAD_BYTES)));
    if (page === undefined) return; // other subscriptions of this client were quicker
    const { events, head } = page;
    for (const event of events) {
      if (isFull() || isOver()) return;
      emitLogged(socket, event);
      position = event.offset;
    }
    if (events.length === 0) position = Math.max(position, head); // retention was quicker
    stream.receive(events);
  }

  return {
    channel,
    start,
    get position() {
      return state === "live" ? stream.head : position;
    },
    begin() {
      replay().catch((error: unknown) => {
        onFault(error);
        // The client would wait for ever for what comes next: it comes again, and gets it.
        if (!isOver()) closeFaulty(socket);
      });
    },
    end() {
      if (state === "ended") return;
      if (state === "live") position = stream.head;
      state = "ended";
      void socket.leave(room);
      delivery.leave(channel);
    },
  };
}
