// Keys of events: a key stands for its event for a day, also when retention has taken the event out of its channel meanwhile.

/** How long a key stands for its event at least: as long as an `Idempotency-Key`, and a message's id, are known again. */
export const KEY_HOURS = 24;

const COLUMNS = "channel, seq, id, event, data, key, created_at";

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
  SELECT ${COLUMNS} FROM deleted WHERE key IS NOT NULL AND created_at > clock_timestamp() - interval '${KEY_HOURS} hours'
  ON CONFLICT (key) DO NOTHING
)`;

/** What `deleted` has to return for it. */
export const RETURNED = COLUMNS.split(", ")
  .map((column) => `e.${column}`)
  .join(", ");
