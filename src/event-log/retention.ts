// Retention: the statements that delete what nobody can ask for any more, each small enough to hold nobody up.
import { setTimeout as sleep } from "node:timers/promises";
import { EVERYONE, START_OF } from "../contract/channel-names.ts";
import type { Store } from "../store/store.ts";
import { queryAgain } from "./statement.ts";

/** What a channel keeps for recovery: the events that are within both bounds. */
export interface Retention {
  readonly days: number;
  readonly count: number;
}

const IDEMPOTENCY_HOURS = 24;
const SESSION_HOURS = 1;
/** Rows of one statement: some milliseconds, also on the one connection of an embedded database. */
const BATCH = 500;
/** Names the advisory lock of whoever cleans; ASCII of "clean". */
const LOCK_KEY = 427_020_345_710;

/*
 * Only one node at a time runs any of these: the others find the advisory lock taken, change nothing and answer `mine: false`.
 * Rows that somebody holds are skipped, not waited for; hence the retention job can neither block nor take part in a deadlock.
 *
 * A channel is trimmed in two steps, so that its row, which every append needs, is locked for an instant only: `oldest` moves up,
 * and from then on nobody reads what is below it; then the events below it go. If a node dies in between, the age of what is
 * left brings it up again.
 */
const LOCK = `lock AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(${LOCK_KEY}) AS mine)`;

const TRIM_BY_COUNT = `WITH ${LOCK}, long AS MATERIALIZED (
  SELECT name FROM channels WHERE (SELECT mine FROM lock) AND head - oldest >= $1::bigint
  LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
), trimmed AS (
  UPDATE channels c SET oldest = greatest(c.oldest, c.head - $1::bigint + 1) FROM long WHERE c.name = long.name RETURNING c.name
)
SELECT lock.mine, coalesce((SELECT array_agg(name) FROM trimmed), '{}') AS names FROM lock`;

// The new \`oldest\` is taken from the events as this statement sees them, never from the head: an event that is committed while
// the row is being locked must not count among the expired ones.
const TRIM_BY_AGE = `WITH ${LOCK}, cutoff AS MATERIALIZED (
  SELECT clock_timestamp() - $1::int * interval '1 day' AS at
), stale AS MATERIALIZED (
  SELECT DISTINCT e.channel FROM (
    SELECT channel FROM channel_events WHERE (SELECT mine FROM lock) AND created_at < (SELECT at FROM cutoff)
    ORDER BY created_at LIMIT ${BATCH}
  ) e
), held AS MATERIALIZED (
  SELECT name FROM channels WHERE name IN (SELECT channel FROM stale) FOR UPDATE SKIP LOCKED
), kept AS MATERIALIZED (
  SELECT held.name, coalesce(
    (SELECT e.seq FROM channel_events e WHERE e.channel = held.name AND e.created_at >= (SELECT at FROM cutoff)
      ORDER BY e.seq LIMIT 1),
    (SELECT max(e.seq) + 1 FROM channel_events e WHERE e.channel = held.name)) AS oldest
  FROM held
), trimmed AS (
  UPDATE channels c SET oldest = greatest(c.oldest, kept.oldest) FROM kept WHERE c.name = kept.name RETURNING c.name
)
SELECT lock.mine, coalesce((SELECT array_agg(name) FROM trimmed), '{}') AS names FROM lock`;

const DELETE_TRIMMED = `WITH gone AS MATERIALIZED (
  SELECT e.channel, e.seq FROM unnest($1::text[]) AS g (name)
  JOIN channels c ON c.name = g.name JOIN channel_events e ON e.channel = c.name AND e.seq < c.oldest
  LIMIT ${BATCH} FOR UPDATE OF e SKIP LOCKED
), deleted AS (
  DELETE FROM channel_events e USING gone WHERE e.channel = gone.channel AND e.seq = gone.seq RETURNING 1
)
SELECT count(*) AS rows FROM deleted`;

/** A statement that deletes up to {@link BATCH} rows of a table. */
const deleteWhere = (table: string, condition: string): string => `WITH ${LOCK}, gone AS MATERIALIZED (
  SELECT t.ctid AS row_id FROM ${table} t WHERE (SELECT mine FROM lock) AND ${condition} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
), deleted AS (
  DELETE FROM ${table} t USING gone WHERE t.ctid = gone.row_id RETURNING 1
)
SELECT lock.mine, (SELECT count(*) FROM deleted) AS rows FROM lock`;

const ANSWERS = deleteWhere("idempotency_keys", "t.created_at < clock_timestamp() - $1::int * interval '1 hour'");
// What an open connection has joined is written when it changes, which may be long ago; then its node's sign of life counts (the
// setting `node:<id>`, epoch milliseconds). CASE, because the planner may otherwise cast the values of other settings first.
const SESSIONS = deleteWhere(
  "resumable_sessions",
  `coalesce(t.ended_at, t.updated_at) < clock_timestamp() - $1::int * interval '1 hour' AND (t.ended_at IS NOT NULL OR NOT EXISTS (
    SELECT FROM settings s WHERE s.name = 'node:' || t.node
      AND CASE WHEN s.name LIKE 'node:%' THEN to_timestamp(s.value::bigint / 1000.0) END
        > clock_timestamp() - $1::int * interval '1 hour'))`,
);

// A cursor is of no use once everything that it acknowledges has expired: without it, a subscriber starts at the oldest event
// that is kept, which is the same position. Not so in channels where one without a cursor starts at the head.
const FROM_OLDEST = Object.entries(START_OF).flatMap(([kind, start]) => (start === "oldest" ? [`'${kind}'`] : []));
const CURSORS = deleteWhere(
  "channel_cursors",
  `t.updated_at < clock_timestamp() - $1::int * interval '1 day' AND t.channel <> '${EVERYONE}' AND (
    NOT EXISTS (SELECT FROM channels c WHERE c.name = t.channel)
    OR split_part(t.channel, '/', 1) IN (${FROM_OLDEST.join(", ")})
      AND EXISTS (SELECT FROM channels c WHERE c.name = t.channel AND t.seq < c.oldest))`,
);

/** What one pass has deleted, in rows. */
export interface Pruned {
  events: number;
  answers: number;
  sessions: number;
  cursors: number;
}

/** Goes over everything once, batch by batch, until nothing is left, `stopped` says so, or another node is at it. */
export async function prune(store: Store, retention: Retention, stopped: () => boolean): Promise<Pruned> {
  const trim = (sql: string, bound: number) => trimAll(store, sql, bound, stopped);
  const drop = (sql: string, bound: number) =>
    repeat(stopped, async () => {
      const [row] = await queryAgain<{ mine: boolean; rows: number }>(store, sql, [bound]);
      return row?.rows ?? 0;
    });
  return {
    events: (await trim(TRIM_BY_COUNT, retention.count)) + (await trim(TRIM_BY_AGE, retention.days)),
    answers: await drop(ANSWERS, IDEMPOTENCY_HOURS),
    sessions: await drop(SESSIONS, SESSION_HOURS),
    cursors: await drop(CURSORS, retention.days),
  };
}

/** Trims channels and deletes what falls below, until a round finds no channel to trim or nothing to delete. */
async function trimAll(store: Store, sql: string, bound: number, stopped: () => boolean): Promise<number> {
  let total = 0;
  while (!stopped()) {
    const [row] = await queryAgain<{ mine: boolean; names: string[] }>(store, sql, [bound]);
    const names = row?.names ?? [];
    if (names.length === 0) break;
    const deleted = await repeat(stopped, async () => {
      const [answer] = await queryAgain<{ rows: number }>(store, DELETE_TRIMMED, [names]);
      return answer?.rows ?? 0;
    });
    if (deleted === 0) break;
    total += deleted;
  }
  return total;
}

/** Runs a step until it finds less than a batch, and rests after each for as long as it took: others need the database more. */
async function repeat(stopped: () => boolean, step: () => Promise<number>): Promise<number> {
  let total = 0;
  while (!stopped()) {
    const start = performance.now();
    const rows = await step();
    total += rows;
    if (rows < BATCH) break;
    await sleep(performance.now() - start);
  }
  return total;
}
