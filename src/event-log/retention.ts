// Retention: what nobody can ask for any more is deleted, in steps each small enough to hold nobody up.
import { setTimeout as sleep } from "node:timers/promises";
import type { Store } from "../store/store.ts";
import type { BusyChannels } from "./busy-channels.ts";
import { ABSENT_DAYS, IS_SPENT } from "./cursor-life.ts";
import { BATCH, blocksOf, deleteInPassing, deleteWhere, LOCK, rowsBetween } from "./deleting.ts";
import { KEEP_KEYED, KEY_HOURS, RETURNED } from "./event-keys.ts";
import { raiseFloor, settledFloor } from "./floor-rise.ts";
import { queryAgain } from "./statement.ts";
import { createWalk, type Passed, type Walk } from "./walk.ts";

/** What a channel keeps for recovery: the events that are within both bounds. */
export interface Retention {
  readonly days: number;
  readonly count: number;
}

const IDEMPOTENCY_HOURS = 24;
const SESSION_HOURS = 1;

/*
 * A channel is trimmed in two steps, so that its row, which every append needs, is locked for an instant only: `oldest` moves up,
 * and from then on nobody reads what is below it; then the events below it go. If a node dies in between, the age of what is
 * left brings it up again.
 */
const TRIM_BY_COUNT = `WITH ${LOCK}, long AS MATERIALIZED (
  SELECT name FROM channels WHERE (SELECT mine FROM lock) AND name = ANY($2::text[]) AND head - oldest >= $1::bigint
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
  UPDATE channels c SET oldest = greatest(c.oldest, kept.oldest), trimmed_at = clock_timestamp() FROM kept WHERE c.name = kept.name RETURNING c.name
)
SELECT lock.mine, coalesce((SELECT array_agg(name) FROM trimmed), '{}') AS names FROM lock`;

const DELETE_TRIMMED = `WITH gone AS MATERIALIZED (
  SELECT e.channel, e.seq FROM unnest($1::text[]) AS g (name)
  JOIN channels c ON c.name = g.name JOIN channel_events e ON e.channel = c.name AND e.seq < c.oldest
  LIMIT ${BATCH} FOR UPDATE OF e SKIP LOCKED
), deleted AS (
  DELETE FROM channel_events e USING gone WHERE e.channel = gone.channel AND e.seq = gone.seq RETURNING ${RETURNED}
), ${KEEP_KEYED}
SELECT count(*) AS rows FROM deleted`;

const KEYS = deleteWhere("expired_events", "t.created_at < clock_timestamp() - $1::int * interval '1 hour'");

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

const CURSORS = deleteInPassing("channel_cursors", IS_SPENT);

// A session that nobody has used for as long as events are kept, and whose channel keeps none, is as one that was never
// registered: whoever registers the id next finds nothing of what was there.
const RUN_SESSIONS = deleteInPassing(
  "run_sessions",
  `t.used_at < clock_timestamp() - $1::int * interval '1 day'
    AND NOT EXISTS (SELECT FROM channels c WHERE c.name = 'run-results/' || t.id AND c.head >= c.oldest)`,
);

// Channels that are too long, and those that have nothing left: no event that is kept, and none that is on its way out. A run's
// channel is hardly ever used again. In the others somebody may have a `since` that is still good, because nothing has come
// after it; they wait until nobody can be expected to come back with it.
const CHANNELS = `WITH ${LOCK}, part AS MATERIALIZED (
  ${rowsBetween("channels", "w.name, w.head, w.oldest, w.trimmed_at")}
), spent AS MATERIALIZED (
  SELECT name, head FROM part WHERE oldest > head
    AND (name LIKE 'run-results/%' OR trimmed_at < clock_timestamp() - interval '${ABSENT_DAYS} days')
    AND NOT EXISTS (SELECT FROM channel_events e WHERE e.channel = name)
)
SELECT lock.mine, ${blocksOf("channels")},
  coalesce((SELECT array_agg(name) FROM part WHERE head - oldest >= $1::bigint), '{}') AS long,
  coalesce((SELECT array_agg(name) FROM spent), '{}') AS spent,
  coalesce((SELECT max(head) FROM spent), 0) AS head
FROM lock`;

// An append that was quicker has moved the head; what is locked now is looked at anew.
const FORGET = `WITH ${LOCK}, gone AS MATERIALIZED (
  SELECT c.name FROM channels c
  WHERE (SELECT mine FROM lock) AND c.name = ANY($2::text[]) AND c.oldest > c.head AND c.head <= $1::bigint FOR UPDATE SKIP LOCKED
), deleted AS (
  DELETE FROM channels c USING gone WHERE c.name = gone.name RETURNING 1
)
SELECT lock.mine, (SELECT count(*) FROM deleted) AS rows FROM lock`;

/** What one pass has deleted, in rows. */
export interface Pruned {
  events: number;
  /** Events that had been kept for their keys alone. */
  keys: number;
  answers: number;
  sessions: number;
  cursors: number;
  runSessions: number;
  channels: number;
}

/** What passes share: where they walk, and what is known of channels. */
export interface PruneContext {
  readonly store: Store;
  readonly retention: Retention;
  /** Channels that this node has appended much to. */
  readonly busy: BusyChannels;
  /** How long the offset floor stands before channels go, in milliseconds. */
  readonly settleMs: number;
  readonly stopped: () => boolean;
}

/** Creates the passes of one node. Each goes over everything, or its share of what is long, unless another node is at it. */
export function createPrune(context: PruneContext): () => Promise<Pruned> {
  const { store, retention, stopped } = context;
  const walks = { channels: createWalk(), runSessions: createWalk(), cursors: createWalk() };

  const drop = (sql: string, bound: number): Promise<number> =>
    repeat(stopped, async () => {
      const [row] = await queryAgain<{ rows: number }>(store, sql, [bound]);
      return row?.rows ?? 0;
    });

  async function dropInPassing(walk: Walk, sql: string): Promise<number> {
    let total = 0;
    await walk.round(stopped, async (from, to) => {
      const [row] = await queryAgain<Passed & { rows: number }>(store, sql, [retention.days, from, to]);
      total += row?.rows ?? 0;
      return row ?? NOT_MINE;
    });
    return total;
  }

  return async () => {
    const busy = await trimBusy(context);
    const aged = (await trimAll(context, TRIM_BY_AGE, [retention.days])).events;
    const { events, channels } = await passChannels(context, walks.channels);
    return {
      events: busy + aged + events,
      keys: await drop(KEYS, KEY_HOURS),
      answers: await drop(ANSWERS, IDEMPOTENCY_HOURS),
      sessions: await drop(SESSIONS, SESSION_HOURS),
      cursors: await dropInPassing(walks.cursors, CURSORS),
      runSessions: await dropInPassing(walks.runSessions, RUN_SESSIONS),
      channels,
    };
  };
}

/** A statement answers one row always. */
const NOT_MINE: Passed = { mine: false, blocks: 0 };

/** Trims the channels that this node has appended much to; what cannot be trimmed now is noted again. */
async function trimBusy(context: PruneContext): Promise<number> {
  const { busy, retention, stopped } = context;
  let total = 0;
  for (let names = busy.take(BATCH); names.length > 0 && !stopped(); names = busy.take(BATCH)) {
    let isDone = false;
    try {
      const { events, mine } = await trimAll(context, TRIM_BY_COUNT, [retention.count, names]);
      total += events;
      isDone = mine;
    } finally {
      if (!isDone) busy.putBack(names);
    }
    if (!isDone) break; // another node is at it
  }
  return total;
}

/** Walks over channels: trims those that are too long, and deletes the rows of those that have nothing left. */
async function passChannels(context: PruneContext, walk: Walk): Promise<{ events: number; channels: number }> {
  const { store, retention, settleMs, stopped } = context;
  const floor = await settledFloor(store, settleMs);
  const total = { events: 0, channels: 0, head: 0 };
  await walk.round(stopped, async (from, to) => {
    type Row = Passed & { long: string[]; spent: string[]; head: number };
    const [row] = await queryAgain<Row>(store, CHANNELS, [retention.count, from, to]);
    if (row === undefined) return NOT_MINE;
    if (row.long.length > 0)
      total.events += (await trimAll(context, TRIM_BY_COUNT, [retention.count, row.long])).events;
    if (row.spent.length > 0) {
      const [gone] = await queryAgain<{ rows: number }>(store, FORGET, [floor, row.spent]);
      total.channels += gone?.rows ?? 0;
      total.head = Math.max(total.head, row.head);
    }
    return row;
  });
  if (total.head > floor) await raiseFloor(store, total.head, settleMs);
  return total;
}

/** Trims channels and deletes what falls below, until a round finds no channel to trim or nothing to delete. */
async function trimAll(
  { store, stopped }: PruneContext,
  sql: string,
  parameters: readonly unknown[],
): Promise<{ events: number; mine: boolean }> {
  const total = { events: 0, mine: true };
  while (!stopped()) {
    const [row] = await queryAgain<{ mine: boolean; names: string[] }>(store, sql, parameters);
    const names = row?.names ?? [];
    total.mine = row?.mine ?? false;
    if (names.length === 0) break;
    const deleted = await repeat(stopped, async () => {
      const [answer] = await queryAgain<{ rows: number }>(store, DELETE_TRIMMED, [names]);
      return answer?.rows ?? 0;
    });
    if (deleted === 0) break;
    total.events += deleted;
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
