// Keys of events: a key stands for its event for a day, also when retention has taken the event out of its channel meanwhile.

/**
 * How long a key stands for its event at least. An `Idempotency-Key`, and a message's id, are known again for 24 hours; one more,
 * because events may be stamped by a node whose clock is behind, and an `Idempotency-Key` counts from its answer.
 */
export const KEY_HOURS = 25;
/**
 * Bytes up to which data is kept with its key. The answers to repeated calls of progress and quizzes are made of it, which stay under 1 KB;
 * of what is larger, all that is asked for is which event it was.
 */
const KEPT_DATA = 2_000;

const COLUMNS = "channel, seq, id, event, data, key, created_at";
const KEPT = COLUMNS.replace("data", `CASE WHEN pg_column_size(data) <= ${KEPT_DATA} THEN data ELSE '{}' END`);

/**
 * The key and `columns`, as of a table `e`, of the events that have one of the keys in an array parameter (`$3`), in their channel
 * or out of it.
 */
export function eventsByKey(keysParameter: string, columns: string): string {
  const from = (table: string): string => `SELECT e.key, ${columns} FROM ${table} e
  WHERE e.key = ANY(${keysParameter}::text[])
    AND EXISTS (SELECT FROM unnest(${keysParameter}::text[]) g (key) WHERE g.key IS NOT NULL)`;
  return `${from("channel_events")} UNION ALL ${from("expired_events")}`;
}

/**
 * A CTE that keeps what `deleted`, the one before it, has taken out of channels and whose key is still good: in the same statement,
 * so that an append finds an event in the one table or in the other, never in none.
 */
export const KEEP_KEYED = `kept_by_key AS (
  INSERT INTO expired_events (${COLUMNS})
  SELECT ${KEPT} FROM deleted WHERE key IS NOT NULL AND created_at > clock_timestamp() - interval '${KEY_HOURS} hours'
  ON CONFLICT (key) DO NOTHING
)`;

/** What `deleted` has to return for it. */
export const RETURNED = COLUMNS.split(", ")
  .map((column) => `e.${column}`)
  .join(", ");
