// How long cursors are kept, by the kind of channel, in SQL.
import { EVERYONE, START_OF } from "../contract/channel-names.ts";

/**
 * Days after which nobody is expected to come back to what has long expired. A user who has not come back in that time counts as
 * a new one in channels where those without a cursor start at the head: there a cursor is what tells a user who is away, for whom
 * events wait, from one who was never there, and without an end there would be one for everybody who ever was.
 */
export const ABSENT_DAYS = 90;

const FROM_OLDEST = Object.entries(START_OF).flatMap(([kind, start]) => (start === "oldest" ? [`'${kind}'`] : []));

/** Whether a user without a cursor starts at the head of the channel, as an SQL condition. */
export const startsAtHead = (channel: string): string =>
  `(${channel} = '${EVERYONE}' OR split_part(${channel}, '/', 1) NOT IN (${FROM_OLDEST.join(", ")}))`;

/**
 * Whether the cursor `t` is of no use, as an SQL condition; `$1` is the retention in days. Everything that it acknowledges has
 * expired, so that one without it starts at the same position: the oldest event that is kept. Where one would start at the
 * head, the user has also been away for {@link ABSENT_DAYS}; coming back is noted once a day (`reading.ts`).
 */
export const IS_SPENT = `t.updated_at < clock_timestamp() - $1::int * interval '1 day'
  AND (NOT ${startsAtHead("t.channel")} OR t.updated_at < clock_timestamp() - interval '${ABSENT_DAYS} days')
  AND NOT EXISTS (SELECT FROM channels c WHERE c.name = t.channel AND c.oldest <= t.seq)`;
