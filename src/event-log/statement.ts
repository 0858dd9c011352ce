// The SQL that appends events: the part that is the same for whatever a statement saves besides.
import type { LoggedEvent } from "../contract/durable.ts";
import type { Store } from "../store/store.ts";
import { eventsByKey } from "./event-keys.ts";
import { OFFSET_FLOOR } from "./offset-floor.ts";

/** Milliseconds since the epoch of a `timestamptz` expression, as a bigint. */
export const epochMillis = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::bigint`;

/** The columns of an event as {@link EventRow} names them. */
export const eventColumns = (table: string): string =>
  `${table}.channel, ${table}.seq, ${table}.id, ${table}.event, ${table}.data, ${epochMillis(`${table}.created_at`)} AS at`;

/** A row of `channel_events` as {@link eventColumns} selects it. */
export interface EventRow {
  channel: string;
  seq: number;
  id: string;
  event: string;
  data: Record<string, unknown>;
  at: number;
}

/** The event of a row. */
export function toEvent(row: EventRow): LoggedEvent {
  const { channel, seq, id, event, data, at } = row;
  return { channel, offset: seq, id, event, data, timestamp: at };
}

/**
 * A statement that saves and appends in one transaction.
 *
 * `ctes` must end with `outgoing (n, channel, id, event, data json, key, at timestamptz)`, the events to append in the order
 * of `n`; `keysParameter` (`$3`) is the array of all keys of the batch. It may use `known`, the events that already have one of
 * these keys, and must leave them out of `outgoing`. `answer` is the final SELECT and may use `appended (id, seq, at)`.
 *
 * Offsets come from the row of the channel, which stays locked until the commit: no two transactions get the same one, and
 * what rolls back gives them back, so there are no holes. Channels are locked in sorted order, so there is no deadlock. Two
 * nodes with one key at the same time: `known` shows the second one nothing, but it then waits at the unique index and fails as
 * a whole, offsets included; {@link queryAgain} repeats it and finds the first event.
 */
export function appendStatement(parts: { keysParameter: string; ctes: string; answer: string }): string {
  return `WITH known AS MATERIALIZED (
  ${eventsByKey(parts.keysParameter, eventColumns("e"))}
), ${parts.ctes}, numbered AS MATERIALIZED (
  SELECT o.*, row_number() OVER (PARTITION BY o.channel ORDER BY o.n) AS place, count(*) OVER (PARTITION BY o.channel) AS many
  FROM outgoing o
), heads AS (
  INSERT INTO channels AS c (name, head, oldest)
  SELECT channel, ${OFFSET_FLOOR} + count(*), ${OFFSET_FLOOR} + 1 FROM numbered GROUP BY channel ORDER BY channel
  ON CONFLICT (name) DO UPDATE SET head = c.head + EXCLUDED.head - EXCLUDED.oldest + 1
  RETURNING c.name, c.head
), appended AS (
  INSERT INTO channel_events AS e (channel, seq, id, event, data, key, created_at)
  SELECT o.channel, h.head - o.many + o.place, o.id, o.event, o.data, o.key, o.at
  FROM numbered o JOIN heads h ON h.name = o.channel
  RETURNING e.id, e.seq, ${epochMillis("e.created_at")} AS at
)
${parts.answer}`;
}

/** SQLSTATEs of a lost race: unique and foreign key violations, a serialization failure, a deadlock. */
const LOST_RACE = new Set(["23505", "23503", "40001", "40P01"]);
const ATTEMPTS = 5;

/**
 * Runs a statement, and again when another transaction was quicker: by then that one has ended, and the statement sees what it
 * left. Rejects with the driver's error.
 */
export async function queryAgain<Row>(store: Store, sql: string, parameters: readonly unknown[]): Promise<Row[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await store.query<Row>(sql, parameters);
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (attempt === ATTEMPTS || typeof code !== "string" || !LOST_RACE.has(code)) throw error;
    }
  }
}
