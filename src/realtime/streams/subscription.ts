// A subscription of one socket to one channel: what was missed first, in order, then what happens.
import { wireArguments } from "../../contract/durable.ts";
import type { Log } from "../../log/log.ts";
import { bufferedBytes, drained } from "../back-pressure.ts";
import type { AnySocket } from "../types.ts";
import { type Delivery, liveRoom } from "./delivery.ts";
import type { Stream } from "./stream.ts";
import type { Turns } from "./turns.ts";

/** Events read at once. */
const PAGE = 200;
/** A replay waits for the client once so many bytes are on their way to it. */
const AHEAD_BYTES = 65_536;

/** Where a subscriber wants to start. */
export type From =
  | { since: number; epoch: string | undefined }
  | { cursor: true; otherwise: "oldest" | "head" }
  | "head";

/** A running subscription. */
export interface Subscription {
  readonly channel: string;
  /** The head of the channel when it began. */
  readonly offset: number;
  /** False when events between `since` and the first replayed one are gone, or `since` is not of this log. */
  readonly recovered: boolean;
  /** How many kept events follow before live ones. */
  readonly replayed: number;
  /** The offset behind which it began. */
  readonly start: number;
  /** Everything up to here has been sent to the client. */
  readonly position: number;
  /** Starts sending. Called once the client has its answer, so that the answer comes first. */
  begin(): void;
  /** Sends nothing from now on. */
  end(): void;
}

/** What subscriptions share on a node. */
export interface SubscriptionDependencies {
  log: Log;
  delivery: Delivery;
  /** The replays that read the log at the same time. */
  turns: Turns;
  onFault: (error: unknown) => void;
}

/** Subscribes a socket. `user` is whose cursor is used. Rejects when the log cannot be read. */
export async function subscribeSocket(
  socket: AnySocket,
  channel: string,
  from: From,
  user: string,
  { log, delivery, turns, onFault }: SubscriptionDependencies,
): Promise<Subscription> {
  const stream = await delivery.open(channel);
  let ended = false;
  let position: number;
  let start: Awaited<ReturnType<typeof startOf>>;
  try {
    start = await startOf(log, channel, from, user);
    position = start.position;
  } catch (error) {
    delivery.leave(channel);
    throw error;
  }

  const isOver = (): boolean => ended || !socket.connected;

  async function replay(): Promise<void> {
    while (!isOver()) {
      await drained(socket.conn);
      if (isOver()) return;
      // Between this comparison and the join nothing can come in: both are in one turn of the event loop.
      if (position >= stream.head) return void socket.join(liveRoom(channel));
      position = await turns(() => sendPage(stream));
    }
  }

  async function sendPage(stream: Stream): Promise<number> {
    const { events, head } = await log.read(channel, position, PAGE);
    for (const event of events) {
      if (bufferedBytes(socket.conn) > AHEAD_BYTES) await drained(socket.conn);
      if (isOver()) return position;
      socket.emit(event.event, ...wireArguments(event));
      position = event.offset;
    }
    stream.receive(events); // the log may be ahead of what this node has heard
    return events.length === 0 ? Math.max(position, head) : position;
  }

  return {
    channel,
    offset: start.head,
    recovered: start.recovered,
    replayed: start.replayed,
    start: start.position,
    get position() {
      return socket.rooms.has(liveRoom(channel)) ? stream.head : position;
    },
    begin() {
      replay().catch((error: unknown) => {
        onFault(error);
        // The client would wait for ever for what comes next: it comes again, and gets it.
        if (!isOver()) socket.conn.close();
      });
    },
    end() {
      if (ended) return;
      ended = true;
      socket.leave(liveRoom(channel));
      delivery.leave(channel);
    },
  };
}

/** Where to begin, by `since`, by cursor or by the channel's kind, and what that means for the client. */
async function startOf(log: Log, channel: string, from: From, user: string) {
  const known = (await log.heads([channel])).get(channel);
  const head = known?.head ?? 0;
  const oldest = known?.oldest ?? 1;
  const at = (position: number, recovered: boolean) => ({
    head,
    position: Math.max(position, oldest - 1),
    recovered,
    replayed: Math.max(0, head - Math.max(position, oldest - 1)),
  });
  if (from === "head") return at(head, true);
  if ("since" in from) {
    const known = from.since <= head && (from.epoch === undefined || from.epoch === log.epoch);
    return known ? at(from.since, from.since >= oldest - 1) : at(0, false);
  }
  const cursor = await log.cursor(user, channel);
  return at(cursor ?? (from.otherwise === "head" ? head : 0), true);
}
