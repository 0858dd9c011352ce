// All Redis connections of one node, wrapped so that no fault of Redis becomes one of the process.
import type { ClusterLog } from "../cluster.ts";
import { Listeners } from "../listeners.ts";
import {
  type AdapterPublisher,
  type AdapterSubscriber,
  createAdapterPublisher,
  createAdapterSubscriber,
} from "./adapter-clients.ts";
import { type Connection, hangUp, makeConnection, start, stop } from "./connection.ts";
import { FaultLog } from "./fault-log.ts";
import { HealthMonitor } from "./health-monitor.ts";
import { Publisher } from "./publisher.ts";
import { Subscriber } from "./subscriber.ts";
import { DEFAULT_TIMING, type Timing } from "./timing.ts";
import { Unavailable } from "./unavailable.ts";

/** The connections of one node: commands, publishing, and one subscriber each for the bus and the adapter. */
export type RedisClients = {
  readonly timing: Timing;
  /** Whether Redis answers commands. */
  readonly health: HealthMonitor;
  /**
   * Sends one command and hands its answer to `note`. Commands of one tick leave together; notes are taken in the order
   * of the commands. @throws Unavailable while Redis does not answer; node-redis' `ErrorReply` for a refusal
   */
  command<T>(args: string[], note: (reply: unknown) => T): Promise<T>;
  readonly publisher: Publisher;
  readonly subscriber: Subscriber;
  /** For `createAdapter(adapterPublisher, adapterSubscriber)`; see adapter.ts. */
  readonly adapterPublisher: AdapterPublisher;
  readonly adapterSubscriber: AdapterSubscriber;
  /** `up` when commands are answered and every subscription stands. */
  state(): "up" | "down";
  /** Why Redis will not have this node, if no waiting mends it: a password, rights, the database's number, TLS. */
  refusal(): string | undefined;
  /** Called each time `state()` becomes `up` again, not the first time; returns how to stop. */
  onReconnect(listener: () => void): () => void;
  /** Closes everything, within a second, whatever Redis does. */
  close(): Promise<void>;
};

/** Where the connections lead and what they report. `url` may hold a password: it is never logged. */
export type RedisClientsOptions = {
  readonly url: string;
  readonly logger?: ClusterLog | undefined;
  readonly timing?: Timing;
  /** Called for each message that was not sent or not confirmed. */
  readonly onDropped?: () => void;
};

/** What a Redis answers that is the wrong one now, or does not know us any more: a replica, one that loads, one with other keys. */
const ELSEWHERE = /^(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|NOAUTH|NOPERM|WRONGPASS|MOVED)\b/;

const isElsewhere = (error: unknown): boolean => error instanceof Error && ELSEWHERE.test(error.message);

/** Runs `work` at most once in `everyMs`. */
const createPaced = (everyMs: number, work: () => void): (() => void) => {
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - last < everyMs) return;
    last = performance.now();
    work();
  };
};

/** The connections of a node; they open in the background and stay open. */
export const createRedisClients = (options: RedisClientsOptions): RedisClients => {
  const { url, logger, timing = DEFAULT_TIMING, onDropped = () => undefined } = options;
  const make = (offlineQueue: boolean): Connection => makeConnection({ url, timing, offlineQueue });
  const [commander, publishing, subscribing, adapterSubscribing] = [make(false), make(false), make(true), make(true)];
  const health = new HealthMonitor(commander, timing);
  const faults = new FaultLog(logger);
  const publisher = new Publisher(publishing, health, onDropped);
  const subscriber = new Subscriber(subscribing, faults);
  const adapterSubscriber = new Subscriber(adapterSubscribing, faults);
  const subscribers = [subscriber, adapterSubscriber];
  const all = [commander, publishing, subscribing, adapterSubscribing];
  const reconnects = new Listeners<"again">();
  const isUp = () => health.isUp() && publishing.isReady && subscribers.every((one) => one.isReady());

  let seen: "unknown" | "up" | "down" = "unknown";
  let downSince = 0;
  let closed = false;
  const look = () => {
    const now = isUp() ? "up" : "down";
    const connecting = seen === "unknown" && now === "down" && (health.isUp() || !health.isKnown());
    if (closed || now === seen || connecting) return;
    const before = seen;
    seen = now;
    if (now === "up") faults.clear();
    if (now === "down") {
      downSince = Date.now();
      logger?.warn({}, "Redis does not answer: this node decides alone until it does");
    } else if (before === "down") {
      logger?.info({ downMs: Date.now() - downSince }, "Redis answers again");
      reconnects.tell("again");
    }
  };
  /** Another server has the place of the one that answers: all connections are made anew, subscriptions too. */
  const reconnect = createPaced(timing.reconnectMs, () => all.forEach(hangUp));
  for (const connection of all) {
    connection.on("error", (error: unknown) => faults.note(error));
    for (const event of ["ready", "error", "end"]) connection.on(event, look);
  }
  for (const one of subscribers) one.onReady(look);
  health.onChange(look);
  for (const connection of all) start(connection);

  return {
    timing,
    health,
    command: (args, note) => {
      if (!health.isUp()) return Promise.reject(new Unavailable("Redis is down"));
      return health.guard(commander.sendCommand(args), note).catch((error: unknown) => {
        if (!(error instanceof Unavailable)) faults.note(error);
        if (isElsewhere(error)) reconnect();
        throw error;
      });
    },
    publisher,
    subscriber,
    adapterPublisher: createAdapterPublisher(publisher, commander, health),
    adapterSubscriber: createAdapterSubscriber(adapterSubscriber),
    state: () => (isUp() ? "up" : "down"),
    refusal: () => faults.refusal(),
    onReconnect: (listener) => reconnects.add(listener),
    close: async () => {
      closed = true;
      reconnects.clear();
      for (const one of subscribers) one.close();
      await Promise.all(all.map((connection) => stop(connection)));
      health.close();
    },
  };
};
