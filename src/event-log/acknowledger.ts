// Acknowledging: how far a user has handled a channel, moved forward by many acks in one statement.

import { createGroupCommit, type GroupCommit } from "../store/batching/group-commit.ts";
import type { Store } from "../store/store.ts";
import { queryAgain } from "./statement.ts";

/** An ack: `user` has handled everything of `channel` up to `offset`. */
export interface Acknowledgement {
  user: string;
  channel: string;
  offset: number;
}

// Sorted, so that two nodes lock the rows in one order; of several acks for one cursor the furthest counts. An offset beyond the
// head acknowledges what there is. The WHERE spares a cursor that stands there already another version of its row.
const SQL = `INSERT INTO channel_cursors AS k (user_id, channel, seq, updated_at)
SELECT g.user_id, g.channel, least(max(g.seq), coalesce(max(c.head), 0)), clock_timestamp()
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS g (user_id, channel, seq)
LEFT JOIN channels c ON c.name = g.channel
GROUP BY g.user_id, g.channel ORDER BY g.user_id, g.channel
ON CONFLICT (user_id, channel) DO UPDATE SET seq = EXCLUDED.seq, updated_at = EXCLUDED.updated_at
WHERE EXCLUDED.seq > k.seq`;

/** Creates the group commit of a node's acks. */
export function createAcknowledger(
  store: Store,
  onFailure: (error: unknown, items: number) => void,
): GroupCommit<Acknowledgement, void> {
  return createGroupCommit<Acknowledgement, void>({
    async commit(items) {
      await queryAgain(store, SQL, [
        items.map(({ user }) => user),
        items.map(({ channel }) => channel),
        items.map(({ offset }) => offset),
      ]);
      return items.map(() => undefined);
    },
    maxItems: 500,
    maxWaitMs: 5_000,
    maxQueued: 50_000,
    onFailure,
  });
}
