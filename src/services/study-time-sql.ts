// The two statements of study time. All times in them are milliseconds since the epoch by the database's clock.
import { epochMillis } from "../event-log/statement.ts";

/** A row of the answer to {@link CREDIT}, one per heartbeat and in their order. */
export interface Credited {
  millis: number;
  now: number;
}

/** A row of the answer to {@link TOTALS}, one per pair and in their order. */
export interface Opened {
  millis: number;
  now: number;
}

// Rounded down, because a column of millisecond precision would round a later half up, into a future not yet studied.
const NOW = `clock AS MATERIALIZED (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now)`;

/**
 * `$1` users, `$2` courses, `$3` when each connection began, `$4` the latest that each may credit up to (or null).
 *
 * Several connections of one user and course in one batch are one interval, from the earliest beginning. A row that exists is
 * credited from max(beginning, covered_until) to now: EXCLUDED.millis is what lies since the beginning, and what lies since
 * covered_until may be less, or nothing. Rows are locked in one order, so that nodes never deadlock.
 */
export const CREDIT = `WITH ${NOW}, given AS MATERIALIZED (
  SELECT g.n, g.user_id, g.course_id, g.began, least(clock.now, g.latest) AS up_to
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
    WITH ORDINALITY AS g (user_id, course_id, began, latest, n), clock
), credited AS (
  INSERT INTO study_time AS s (user_id, course_id, millis, covered_until)
  SELECT user_id, course_id, greatest(0, max(up_to) - min(began)), to_timestamp(max(up_to) / 1000.0)
  FROM given GROUP BY user_id, course_id ORDER BY user_id, course_id
  ON CONFLICT (user_id, course_id) DO UPDATE SET
    millis = s.millis + greatest(0, least(EXCLUDED.millis, ${epochMillis("EXCLUDED.covered_until - s.covered_until")})),
    covered_until = greatest(s.covered_until, EXCLUDED.covered_until)
  RETURNING s.user_id, s.course_id, s.millis
)
SELECT c.millis, clock.now FROM given g JOIN credited c ON c.user_id = g.user_id AND c.course_id = g.course_id, clock
ORDER BY g.n`;

/** `$1` users, `$2` courses. A pair without a row has 0. */
export const TOTALS = `WITH ${NOW}
SELECT coalesce(s.millis, 0) AS millis, clock.now
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS g (user_id, course_id, n)
LEFT JOIN study_time s ON s.user_id = g.user_id AND s.course_id = g.course_id, clock
ORDER BY g.n`;
