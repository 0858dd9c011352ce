// Reading the log: events after an offset, heads, and cursors. Small questions of many callers go in one statement.
import type { LoggedEvent } from "../contract/durable.ts";
import { createGroupCommit, type GroupCommit } from "../store/batching/group-commit.ts";
import type { Store } from "../store/store.ts";
import { startsAtHead } from "./cursor-life.ts";
import { OFFSET_FLOOR } from "./offset-floor.ts";
import { type EventRow, eventColumns, toEvent } from "./statement.ts";

/** What a channel keeps: `head` is its newest offset, `oldest` the smallest one kept. */
export interface ChannelBounds {
  head: number;
  oldest: number;
}

/** Part of a channel, with its bounds at that moment. */
export interface Page extends ChannelBounds {
  events: LoggedEvent[];
}

/** How large a page may become where nobody says less: an event may have half a megabyte, and a thousand are asked for. */
const MAX_BYTES = 4_194_304;

/** The bounds of the channel `c`, which has no row where it stands at the floor. */
const BOUNDS = `coalesce(c.head, ${OFFSET_FLOOR}) AS head, coalesce(c.oldest, ${OFFSET_FLOOR} + 1) AS oldest`;

// One statement, one snapshot: the bounds are those of the events. What is below `oldest` is about to be deleted.
const PAGE = `SELECT b.head, b.oldest, e.*
FROM (SELECT g.name, ${BOUNDS} FROM (SELECT $1::text AS name) g LEFT JOIN channels c USING (name)) b LEFT JOIN LATERAL (
  SELECT y.*, sum(octet_length(y.data::text)) OVER (ORDER BY y.seq) - octet_length(y.data::text) AS bytes_before FROM (
    SELECT ${eventColumns("x")} FROM channel_events x
    WHERE x.channel = b.name AND x.seq > $2::bigint AND x.seq >= b.oldest ORDER BY x.seq LIMIT $3::int
  ) y
) e ON e.bytes_before < $4::int
ORDER BY e.seq`;

/** Events of `channel` after the offset `since`, oldest first: at most `limit`, and no more once they have `maxBytes` of data. */
export async function readPage(
  store: Store,
  channel: string,
  since: number,
  limit: number,
  maxBytes = MAX_BYTES,
): Promise<Page> {
  const rows = await store.query<ChannelBounds & (EventRow | { id: null })>(PAGE, [channel, since, limit, maxBytes]);
  const { head, oldest } = rows[0] ?? NOTHING;
  return { head, oldest, events: rows.flatMap((row) => (row.id === null ? [] : [toEvent(row)])) };
}

/** Not answered: there is a row for every channel that is asked for. */
const NOTHING: ChannelBounds = { head: 0, oldest: 1 };

const HEADS = `SELECT g.name, ${BOUNDS} FROM unnest($1::text[]) AS g (name) LEFT JOIN channels c USING (name)`;

/** The bounds of channels, every one of them in the map. */
export async function readHeads(store: Store, channels: readonly string[]): Promise<Map<string, ChannelBounds>> {
  if (channels.length === 0) return new Map();
  const rows = await store.query<ChannelBounds & { name: string }>(HEADS, [[...new Set(channels)]]);
  return new Map(rows.map(({ name, head, oldest }) => [name, { head, oldest }]));
}

// That a user has come back is noted once a day, where a cursor goes without it. One that is being written has been noted.
const CURSORS = `WITH stale AS MATERIALIZED (
  SELECT k.user_id, k.channel FROM unnest($1::text[], $2::text[]) AS g (user_id, channel)
  JOIN channel_cursors k ON k.user_id = g.user_id AND k.channel = g.channel
  WHERE k.updated_at < clock_timestamp() - interval '1 day' AND ${startsAtHead("k.channel")} FOR UPDATE OF k SKIP LOCKED
), touched AS (
  UPDATE channel_cursors k SET updated_at = clock_timestamp() FROM stale s
  WHERE k.user_id = s.user_id AND k.channel = s.channel RETURNING 1
)
SELECT k.seq FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS g (user_id, channel, n)
LEFT JOIN channel_cursors k ON k.user_id = g.user_id AND k.channel = g.channel ORDER BY g.n`;

/** Cursors, asked for one by one and read together: after a restart every client asks at once. */
export function createCursorReader(store: Store): GroupCommit<{ user: string; channel: string }, number | undefined> {
  return createGroupCommit({
    async commit(items) {
      const rows = await store.query<{ seq: number | null }>(CURSORS, [
        items.map(({ user }) => user),
        items.map(({ channel }) => channel),
      ]);
      return rows.map(({ seq }) => seq ?? undefined);
    },
    concurrency: 2,
    maxItems: 500,
    maxWaitMs: 5_000,
    maxQueued: 50_000,
  });
}
