// Appenders: every way in which a node appends to the log, group-committed, in one order.
import type { LoggedEvent } from "../contract/durable.ts";
import type { Failure } from "../contract/errors.ts";
import { createGroupCommit, type GroupCommit } from "../store/batching/group-commit.ts";
import type { Semaphore } from "../store/batching/semaphore.ts";
import type { Store } from "../store/store.ts";
import { queryAgain } from "./statement.ts";

/** A statement that saves something and appends the events that tell of it, for many items at once. */
export interface AppendShape<Item, Row, Result> {
  /** Made by `appendStatement`. */
  readonly sql: string;
  /** `$1` …: arrays with one element per item. */
  parameters(items: readonly Item[]): readonly unknown[];
  /** What each item is told after the commit, in the order of the items, and the event that was appended for it. */
  answers(items: readonly Item[], rows: readonly Row[]): Appending<Result>[];
  /** Names of the rows that an item writes, its key included: two items with one name never share a statement. */
  conflictKeys(item: Item): readonly string[];
  /** Characters that the item takes in the statement, about. */
  sizeOf(item: Item): number;
}

/** The outcome of one item. A `Failure` refuses this item alone; `event` is there only if it was appended just now. */
export interface Appending<Result> {
  result: Result | Failure;
  event?: LoggedEvent;
}

/** What all appenders of a node share. */
export interface AppenderContext {
  readonly store: Store;
  /** One permit for all statements that append, so that offsets and notifications come in one order. */
  readonly appending: Semaphore;
  /** Called with the new events after each commit, before anyone is answered. */
  committed(events: LoggedEvent[]): void;
  onFailure(error: unknown, items: number): void;
}

const MAX_ITEMS = 500;
const MAX_WAIT_MS = 5_000;
const MAX_QUEUED = 20_000;
/** Characters of one statement (a single larger item still goes), and of all that wait. */
const MAX_SIZE = 4_194_304;
const MAX_QUEUED_SIZE = 67_108_864;

/** Creates the group commit of one kind of append. */
export function createAppender<Item, Row, Result>(
  context: AppenderContext,
  shape: AppendShape<Item, Row, Result>,
): GroupCommit<Item, Result> {
  return createGroupCommit<Item, Result>({
    async commit(items) {
      const rows = await queryAgain<Row>(context.store, shape.sql, shape.parameters(items));
      const answers = shape.answers(items, rows);
      const events = answers.flatMap(({ event }) => (event === undefined ? [] : [event]));
      if (events.length > 0) context.committed(events);
      return answers.map(({ result }) => result);
    },
    concurrency: context.appending,
    maxItems: MAX_ITEMS,
    maxWaitMs: MAX_WAIT_MS,
    maxQueued: MAX_QUEUED,
    maxSize: MAX_SIZE,
    maxQueuedSize: MAX_QUEUED_SIZE,
    sizeOf: shape.sizeOf,
    conflictKeys: shape.conflictKeys,
    onFailure: context.onFailure,
  });
}
