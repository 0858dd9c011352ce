// The two clients that the Socket.IO Redis adapter is given instead of node-redis' own.
import type { Connection } from "./connection.ts";
import type { HealthMonitor } from "./health-monitor.ts";
import type { Publisher } from "./publisher.ts";
import type { MessageListener, Subscriber } from "./subscriber.ts";

/**
 * What `@socket.io/redis-adapter` 8.3 calls on its publisher. `pSubscribe` and `sSubscribe` are there because it takes
 * their presence for the sign of a node-redis client; it never calls them here.
 */
export type AdapterPublisher = {
  publish(channel: string, payload: string | Buffer): boolean;
  sendCommand(command: string[]): Promise<unknown>;
  pSubscribe(): void;
  sSubscribe(): void;
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
};

/** What it calls on its subscriber. */
export type AdapterSubscriber = {
  subscribe(channels: string | string[], listener: MessageListener, buffers: boolean): void;
  pSubscribe(pattern: string, listener: MessageListener, buffers: boolean): void;
  unsubscribe(channels: string | string[], listener: MessageListener, buffers: boolean): void;
  pUnsubscribe(pattern: string, listener: MessageListener, buffers: boolean): void;
  on(event: string, listener: () => void): void;
  off(event: string, listener: () => void): void;
};

const list = (names: string | string[]): string[] => (Array.isArray(names) ? names : [names]);

/** Publishes through `publisher`. `PUBSUB NUMSUB` answers 1, this node alone, while Redis does not answer. */
export const createAdapterPublisher = (
  publisher: Publisher,
  connection: Connection,
  health: HealthMonitor,
): AdapterPublisher => ({
  publish: (channel, payload) => publisher.publish(channel, payload),
  sendCommand: async (command) => {
    const alone = [command[2], "1"];
    if (!health.isUp()) return alone;
    return health.guard(connection.sendCommand(command), (reply) => reply).catch(() => alone);
  },
  pSubscribe: () => undefined,
  sSubscribe: () => undefined,
  // Errors of the connection are dealt with by the health; the adapter only wants to warn that nobody listens to them.
  on: () => undefined,
  off: () => undefined,
});

/** Subscribes through `subscriber`: nothing to reject, nothing to lose. The adapter always asks for buffers. */
export const createAdapterSubscriber = (subscriber: Subscriber): AdapterSubscriber => ({
  subscribe: (channels, listener) => {
    for (const channel of list(channels)) subscriber.subscribe("channel", channel, listener);
  },
  pSubscribe: (pattern, listener) => subscriber.subscribe("pattern", pattern, listener),
  unsubscribe: (channels, listener) => {
    for (const channel of list(channels)) subscriber.unsubscribe("channel", channel, listener);
  },
  pUnsubscribe: (pattern, listener) => subscriber.unsubscribe("pattern", pattern, listener),
  on: () => undefined,
  off: () => undefined,
});
