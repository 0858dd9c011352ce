// The channel log: durable events with offsets that rise by one per channel; append, replay, acknowledge.
import type { LoggedEvent } from "../contract/durable.ts";
import type { GroupCommit } from "../store/batching/group-commit.ts";
import { Semaphore } from "../store/batching/semaphore.ts";
import type { Store } from "../store/store.ts";
import { createAcknowledger } from "./acknowledger.ts";
import { type Appended, appendShape, type NewEvent, prepare } from "./append.ts";
import { type AppenderContext, type AppendShape, createAppender } from "./appender.ts";
import { createBusyChannels } from "./busy-channels.ts";
import { createHistoryWatch } from "./history-watch.ts";
import { type ChannelBounds, createCursorReader, type Page, readHeads, readPage } from "./reading.ts";
import type { Retention } from "./retention.ts";
import { createRetentionJob } from "./retention-job.ts";

export type { Appended, NewEvent } from "./append.ts";
export type { Appending, AppendShape } from "./appender.ts";
export type { ChannelBounds, Page } from "./reading.ts";
export type { Retention } from "./retention.ts";

/** The durable events of one database, as one node sees them. Everything rejects with `SERVER_ERROR` or the driver's error. */
export interface EventLog {
  /** The identity of the history behind the offsets. It changes when the database does, see `History`. */
  readonly epoch: string;
  /** Resolves after the commit, with the offset. With a key that was used before: the first event, and `duplicate: true`. */
  append(event: NewEvent): Promise<Appended>;
  /** A way to save something and append the event that tells of it in one transaction. Flushed by `close`, too. */
  appender<Item, Row, Result>(shape: AppendShape<Item, Row, Result>): (item: Item) => Promise<Result>;
  /**
   * Kept events after the offset `since`, in order, and what the channel keeps at that moment. At most `limit` events, and fewer
   * once their data has `maxBytes` (4 MB where nothing is said); one at least, if there is one.
   */
  read(channel: string, since: number, limit: number, maxBytes?: number): Promise<Page>;
  /** What channels keep; one that has no events (any more) stands at the offset floor, in a new database head 0 and oldest 1. */
  heads(channels: readonly string[]): Promise<Map<string, ChannelBounds>>;
  /**
   * What channels keep, compared with what this node knows of them: a head below that means that the database has gone back, and
   * is the end of the epoch.
   */
  compare(known: ReadonlyMap<string, number>): Promise<Map<string, ChannelBounds>>;
  /** Hears that offsets mean something else from now on. @returns what stops it */
  onEpoch(listener: () => void): () => void;
  /** How far the user has handled the channel, or undefined if nothing was ever acknowledged. */
  cursor(user: string, channel: string): Promise<number | undefined>;
  /** Resolves when the cursor is at `offset` or beyond, in the database. Never moves it backwards, nor beyond the head. */
  acknowledge(user: string, channel: string, offset: number): Promise<void>;
  /**
   * Hears the events of every commit of this node, in order within each channel, each once, before the appends resolve. An
   * event whose commit was lost sight of (the connection broke) is not among them. @returns what stops it
   */
  onCommitted(listener: (events: LoggedEvent[]) => void): () => void;
  /** Takes nothing more, writes what waits, and stops cleaning. The store stays open. */
  close(): Promise<void>;
}

/** Where the log tells what went wrong; pino has this shape. Never given data of events. */
export interface Reports {
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** What a log is made of. */
export interface EventLogOptions {
  store: Store;
  /** What channels keep for recovery. */
  retention: Retention;
  logger?: Reports;
  /** Milliseconds between two cleanings (a minute); 0: never by itself. */
  cleanEveryMs?: number;
}

const CLEAN_EVERY_MS = 60_000;

/** Opens the log of a store. */
export function createEventLog(options: EventLogOptions): EventLog {
  const { store, retention, logger } = options;
  const listeners = new Set<(events: LoggedEvent[]) => void>();
  const onFailure = (error: unknown, items: number): void =>
    logger?.warn({ ...describe(error), items }, "could not write to the log");
  const watch = createHistoryWatch(store);
  const busy = createBusyChannels(retention.count);
  const context: AppenderContext = {
    store,
    appending: new Semaphore(1),
    committed(events) {
      watch.committed(events);
      busy.committed(events);
      for (const listener of listeners) {
        // They are committed: a listener that fails must not make their publishers believe otherwise.
        try {
          listener(events);
        } catch (error) {
          logger?.error(describe(error), "a listener of the log failed");
        }
      }
    },
    onFailure,
  };
  const appends = createAppender(context, appendShape);
  const cursors = createCursorReader(store);
  const acknowledgements = createAcknowledger(store, onFailure);
  const closeables: Pick<GroupCommit<never, unknown>, "close">[] = [appends, acknowledgements, cursors];
  const retentionJob = createRetentionJob({
    store,
    retention,
    busy,
    everyMs: options.cleanEveryMs ?? CLEAN_EVERY_MS,
    onFailure: (error) => logger?.warn(describe(error), "could not clean the log"),
  });

  return {
    get epoch() {
      return store.history.epoch;
    },
    append: async (event) => appends.add(prepare(event)),
    appender(shape) {
      const appender = createAppender(context, shape);
      closeables.push(appender);
      return appender.add;
    },
    read: (channel, since, limit, maxBytes) => readPage(store, channel, since, limit, maxBytes),
    heads: (channels) => readHeads(store, channels),
    compare: watch.compare,
    onEpoch: store.history.onChange,
    cursor: (user, channel) => cursors.add({ user, channel }),
    acknowledge: (user, channel, offset) => acknowledgements.add({ user, channel, offset }),
    onCommitted(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      await Promise.all([retentionJob.close(), ...closeables.map((closeable) => closeable.close())]);
    },
  };
}

/** Code and message of an error, without the detail in which a driver quotes values. */
function describe(error: unknown): { code?: unknown; reason: string } {
  if (!(error instanceof Error)) return { reason: String(error) };
  const { code } = error as { code?: unknown };
  return code === undefined ? { reason: error.message } : { code, reason: error.message };
}
