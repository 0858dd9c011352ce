// Reading the log: events after an offset, heads, and cursors. Small questions of many callers go in one statement.
import type { LoggedEvent } from "../contract/durable.ts";
import { createGroupCommit, type GroupCommit } from "../store/batching/group-commit.ts";
import type { Store } from "../store/store.ts";
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

/** A channel that has never had an event. */
const EMPTY: ChannelBounds = { head: 0, oldest: 1 };

/** How large a page may become where nobody says less: an event may have half a megabyte, and a thousand are asked for. */
const MAX_BYTES = 4_194_304;

// One statement, one snapshot: the bounds are those of the events. What is below `oldest` is about to be deleted.
const PAGE = `SELECT c.head, c.oldest, e.*
FROM channels c LEFT JOIN LATERAL (
  SELECT y.*, sum(octet_length(y.data::text)) OVER (ORDER BY y.seq) - octet_length(y.data::text) AS bytes_before FROM (
    SELECT ${eventColumns("x")} FROM channel_events x
    WHERE x.channel = c.name AND x.seq > $2::bigint AND x.seq >= c.oldest ORDER BY x.seq LIMIT $3::int
  ) y
) e ON e.bytes_before < $4::int
WHERE c.name = $1 ORDER BY e.seq`;

/** Events of `channel` after the offset `since`, oldest first: at most `limit`, and no more once they have `maxBytes` of data. */
export async function readPage(
  store: Store,
  channel: string,
  since: number,
  limit: number,
  maxBytes = MAX_BYTES,
): Promise<Page> {
  const rows = await store.query<ChannelBounds & (EventRow | { id: null })>(PAGE, [channel, since, limit, maxBytes]);
  const { head, oldest } = rows[0] ?? EMPTY;
  return { head, oldest, events: rows.flatMap((row) => (row.id === null ? [] : [toEvent(row)])) };
}

const HEADS = "SELECT name, head, oldest FROM channels WHERE name = ANY($1::text[])";

/** The bounds of channels, every one of them in the map. */
export async function readHeads(store: Store, channels: readonly string[]): Promise<Map<string, ChannelBounds>> {
  const heads = new Map<string, ChannelBounds>(channels.map((channel) => [channel, EMPTY]));
  if (channels.length === 0) return heads;
  const rows = await store.query<ChannelBounds & { name: string }>(HEADS, [[...heads.keys()]]);
  for (const { name, head, oldest } of rows) heads.set(name, { head, oldest });
  return heads;
}

const CURSORS = `SELECT k.seq FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS g (user_id, channel, n)
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
