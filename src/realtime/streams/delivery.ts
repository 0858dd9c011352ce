// Delivery: what was committed, here or on another node, reaches the subscribers of this node.
import { z } from "zod";
import type { Cluster } from "../../cluster/cluster.ts";
import type { LoggedEvent } from "../../contract/durable.ts";
import type { Log } from "../../event-log/event-log.ts";
import type { AnyNamespace } from "../types.ts";
import type { ReadBounds } from "./channel-bounds.ts";
import { emitLogged } from "./emit-logged.ts";
import { createStream, type Stream } from "./stream.ts";

/** Events read at once to close a gap, and bytes of their data. */
const GAP_PAGE = 500;
const GAP_BYTES = 1_048_576;

const logged = z.object({
  channel: z.string(),
  offset: z.int().positive(),
  id: z.string(),
  event: z.string(),
  data: z.record(z.string(), z.unknown()),
  timestamp: z.number(),
});
const announcement = z.array(logged);

/** Opens the channels that somebody on this node hears. */
export interface Delivery {
  /** Opens a channel for one more subscriber. */
  open(channel: string): Promise<Stream>;
  /** One subscriber less; the last one closes it. */
  leave(channel: string): void;
  /** Reads the heads of all open channels and fetches what is missing. */
  compare(): Promise<void>;
  close(): void;
}

/** What delivery is made of. */
export interface DeliveryDependencies {
  eventLog: Log;
  boundsOf: ReadBounds;
  cluster: Cluster;
  /** The namespace whose sockets hear a channel. */
  namespaceOf: (channel: string) => AnyNamespace;
  /** Told how many sockets of a namespace were handed an event. */
  onDelivered: (namespace: string, sockets: number) => void;
  /** Told of an error that the next comparison will make good. */
  onFault: (error: unknown) => void;
  /** The heads of all open channels are compared with the log so often: the last message lost has no next one to show it. */
  compareEveryMs: number;
}

/** The room of those who have caught up with a channel; apart from the public room of the same name, which emitters use. */
export const liveRoom = (channel: string): string => `live:${channel}`;

interface Open {
  subscribers: number;
  readonly stream: Promise<Stream>;
  /** Set once the stream is there. */
  ready: Stream | undefined;
  /** What came before it was. */
  readonly early: LoggedEvent[];
}

/** Makes the delivery of one node. */
export function createDelivery(dependencies: DeliveryDependencies): Delivery {
  const { eventLog, boundsOf, cluster, namespaceOf, onFault, onDelivered, compareEveryMs } = dependencies;
  const channels = new Map<string, Open>();

  function receive(events: readonly LoggedEvent[]): void {
    for (const event of events) {
      const open = channels.get(event.channel);
      if (open?.ready !== undefined) open.ready.receive([event]);
      else open?.early.push(event);
    }
  }

  function begin(channel: string): Open {
    const open: Open = { subscribers: 0, early: [], ready: undefined, stream: boundsOf(channel).then(start) };
    function start({ head }: { head: number }): Stream {
      const stream = createStream({
        head,
        deliver: (event) => {
          const namespace = namespaceOf(channel);
          const room = liveRoom(channel);
          onDelivered(namespace.name, namespace.adapter.rooms.get(room)?.size ?? 0);
          emitLogged(namespace.local.to(room), event);
        },
        readAfter: (offset) => eventLog.read(channel, offset, GAP_PAGE, GAP_BYTES),
        isAlone: () => cluster.health().redis === "down",
      });
      open.ready = stream;
      stream.receive(open.early.splice(0));
      return stream;
    }
    return open;
  }

  async function compare(): Promise<void> {
    const names = [...channels].filter(([, open]) => open.ready !== undefined).map(([name]) => name);
    if (names.length === 0) return;
    const heads = await eventLog.heads(names);
    for (const [name, { head }] of heads) channels.get(name)?.ready?.reach(head);
  }

  const compareOrReport = (): void => void compare().catch(onFault);
  const stops = [
    eventLog.onCommitted((events) => {
      receive(events);
      cluster.bus.publish("events", events);
    }),
    cluster.bus.subscribe("events", (message) => {
      const events = announcement.safeParse(message);
      if (events.success) receive(events.data);
    }),
    cluster.bus.onReconnect(compareOrReport),
  ];
  const timer = setInterval(compareOrReport, compareEveryMs);
  timer.unref();

  return {
    async open(channel) {
      const open = channels.get(channel) ?? begin(channel);
      channels.set(channel, open);
      open.subscribers++;
      try {
        return await open.stream;
      } catch (error) {
        this.leave(channel);
        throw error;
      }
    },
    leave(channel) {
      const open = channels.get(channel);
      if (open === undefined || --open.subscribers > 0) return;
      open.ready?.close();
      channels.delete(channel);
    },
    compare,
    close() {
      clearInterval(timer);
      for (const stop of stops) stop();
      for (const { ready } of channels.values()) ready?.close();
      channels.clear();
    },
  };
}
