// Delivery: what was committed, here or on another node, reaches the subscribers of this node.
import { z } from "zod";
import type { Cluster } from "../../cluster/cluster.ts";
import type { LoggedEvent } from "../../contract/durable.ts";
import type { EventLog, Page } from "../../event-log/event-log.ts";
import type { AnyNamespace, AnySocket } from "../types.ts";
import type { ReadBounds } from "./channel-bounds.ts";
import { emitLogged } from "./emit-logged.ts";
import { Stream, type StreamSurroundings } from "./stream.ts";

/** Events read at once to close a gap, and bytes of their data. */
const GAP_PAGE = 500;
const GAP_BYTES = 1_048_576;

const loggedEvent = z.object({
  channel: z.string(),
  offset: z.int().positive(),
  id: z.string(),
  event: z.string(),
  data: z.record(z.string(), z.unknown()),
  timestamp: z.number(),
});
/** The message of the topic `events`, with which a node tells the others of a commit. Offsets of another epoch are not ours. */
const committedMessage = z.object({ epoch: z.string(), events: z.array(loggedEvent) });

/** What delivery is made of. */
export interface DeliveryDependencies {
  eventLog: EventLog;
  boundsOf: ReadBounds;
  cluster: Cluster;
  /** The namespace whose sockets hear a channel. */
  namespaceOf: (channel: string) => AnyNamespace;
  /** Told how many sockets of a namespace were handed an event. */
  onDelivered: (namespace: string, sockets: number) => void;
  /** Told of an error that the next comparison will make good. */
  onFault: (error: unknown) => void;
  /**
   * The pause, in milliseconds, between two comparisons of the heads of all open channels with the log: the last message that is
   * lost has no next one to show it.
   */
  compareEveryMs: number;
}

/** The room of those who have caught up with a channel; apart from the public room of the same name, which emitters use. */
const liveRoom = (channel: string): string => `live:${channel}`;

interface OpenChannel {
  subscribers: number;
  /** Until the stream is there: resolves when the head of the channel is known. */
  opening: Promise<Stream> | undefined;
  /** Set once the stream is there. */
  stream: Stream | undefined;
  /** What came before it was. */
  early: LoggedEvent[] | undefined;
  /** The only one who has caught up: most channels are one user's, and need no room. With a second one it is `"room"`. */
  live: AnySocket | "room" | undefined;
}

/** The channels that somebody on this node hears. */
export class Delivery implements StreamSurroundings {
  readonly #dependencies: DeliveryDependencies;
  readonly #channels = new Map<string, OpenChannel>();
  readonly #timer: NodeJS.Timeout;
  readonly #unsubscribe: readonly (() => void)[];

  constructor(dependencies: DeliveryDependencies) {
    this.#dependencies = dependencies;
    const { eventLog, cluster, compareEveryMs, onFault } = dependencies;
    const compareOrReport = (): void => void this.compare().catch(onFault);
    this.#unsubscribe = [
      eventLog.onCommitted((events) => {
        this.#receive(events);
        cluster.bus.publish("events", { epoch: eventLog.epoch, events });
      }),
      cluster.bus.subscribe("events", (message) => {
        const committed = committedMessage.safeParse(message);
        if (committed.success && committed.data.epoch === eventLog.epoch) this.#receive(committed.data.events);
      }),
      eventLog.onEpoch(() => this.#closeAll()),
      cluster.bus.onReconnect(compareOrReport),
    ];
    this.#timer = setInterval(compareOrReport, compareEveryMs).unref();
  }

  /** Opens a channel for one more subscriber. Rejects when the log cannot be read. */
  async open(channel: string): Promise<Stream> {
    const open = this.#channels.get(channel) ?? this.#begin(channel);
    open.subscribers++;
    try {
      return open.stream ?? (await (open.opening as Promise<Stream>));
    } catch (error) {
      this.#leave(channel, open);
      throw error;
    }
  }

  /** One subscriber less; the last one closes the channel. A stream of another epoch has been closed before. */
  leave(channel: string, stream: Stream): void {
    const open = this.#channels.get(channel);
    if (open?.stream === stream) this.#leave(channel, open);
  }

  /** A subscriber has caught up: from now on it gets what the stream hands on. */
  joinLive(channel: string, stream: Stream, socket: AnySocket): void {
    const open = this.#channels.get(channel);
    if (open?.stream !== stream) return;
    const { live } = open;
    if (live === undefined) {
      open.live = socket;
      return;
    }
    const room = liveRoom(channel);
    if (live !== "room") void live.join(room);
    void socket.join(room);
    open.live = "room";
  }

  /** It gets nothing more. */
  leaveLive(channel: string, stream: Stream, socket: AnySocket): void {
    const open = this.#channels.get(channel);
    if (open?.stream === stream && open.live === socket) open.live = undefined;
    else void socket.leave(liveRoom(channel));
  }

  #leave(channel: string, open: OpenChannel): void {
    if (--open.subscribers > 0) return;
    open.stream?.close();
    if (this.#channels.get(channel) === open) this.#channels.delete(channel);
  }

  /** Reads the heads of all open channels and fetches what is missing. */
  async compare(): Promise<void> {
    const known = new Map<string, number>();
    for (const [name, { stream }] of this.#channels) if (stream !== undefined) known.set(name, stream.head);
    const bounds = await this.#dependencies.eventLog.compare(known);
    for (const [name, { head }] of bounds) this.#channels.get(name)?.stream?.reach(head);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#closeAll();
  }

  /** With another epoch the offsets of all streams are void; whoever subscribes from now on gets another stream. */
  #closeAll(): void {
    for (const { stream } of this.#channels.values()) stream?.close();
    this.#channels.clear();
  }

  #receive(events: readonly LoggedEvent[]): void {
    for (const event of events) {
      const open = this.#channels.get(event.channel);
      if (open?.stream !== undefined) open.stream.receive([event]);
      else open?.early?.push(event);
    }
  }

  #begin(channel: string): OpenChannel {
    const opening = this.#dependencies.boundsOf(channel).then(({ head }) => {
      const stream = new Stream(channel, head, this);
      open.stream = stream;
      stream.receive(open.early ?? []);
      open.early = undefined;
      open.opening = undefined;
      return stream;
    });
    const open: OpenChannel = { subscribers: 0, early: [], stream: undefined, opening, live: undefined };
    this.#channels.set(channel, open);
    return open;
  }

  /** For its streams. */
  deliver(event: LoggedEvent): void {
    const { namespaceOf, onDelivered } = this.#dependencies;
    const live = this.#channels.get(event.channel)?.live;
    if (live === undefined) return;
    const namespace = namespaceOf(event.channel);
    const room = liveRoom(event.channel);
    onDelivered(namespace.name, live === "room" ? (namespace.adapter.rooms.get(room)?.size ?? 0) : 1);
    emitLogged(live === "room" ? namespace.local.to(room) : live, event);
  }

  /** For its streams. */
  readAfter(channel: string, offset: number): Promise<Page> {
    return this.#dependencies.eventLog.read(channel, offset, GAP_PAGE, GAP_BYTES);
  }

  /** For its streams. */
  isAlone(): boolean {
    return this.#dependencies.cluster.health().redis === "down";
  }
}
