// The rise of the offset floor, after which channels may go.
import type { Store } from "../store/store.ts";
import { FLOOR_BEFORE, FLOOR_SETTINGS, OFFSET_FLOOR } from "./offset-floor.ts";
import { queryAgain } from "./statement.ts";

const { floor, before, raised } = FLOOR_SETTINGS;

/** The floor is a multiple of it. */
const STEP = 1024;

/** How long a floor stands before channels below it may go, in milliseconds. */
export const SETTLE_MS = 3_600_000;

const IS_SETTLED = `NOT EXISTS (SELECT FROM settings s WHERE s.name = '${raised}'
  AND CASE WHEN s.name = '${raised}' THEN s.value::float8 END > extract(epoch FROM clock_timestamp()) * 1000 - $1::float8)`;

const SETTLED = `SELECT CASE WHEN ${IS_SETTLED} THEN ${OFFSET_FLOOR} ELSE ${FLOOR_BEFORE} END AS floor`;

// Not again within `settleMs`: the floor before would not be known to have settled.
const RAISE = `INSERT INTO settings AS old (name, value)
SELECT g.name, g.value::bigint::text FROM (VALUES
  ('${floor}', ceil($2::bigint / ${STEP}.0) * ${STEP}),
  ('${before}', ${OFFSET_FLOOR}),
  ('${raised}', floor(extract(epoch FROM clock_timestamp()) * 1000))) AS g (name, value)
WHERE $2::bigint > ${OFFSET_FLOOR} AND ${IS_SETTLED} ORDER BY g.name
ON CONFLICT (name) DO UPDATE SET value = greatest(old.value::bigint, EXCLUDED.value::bigint)::text`;

/** The highest floor that has stood for `settleMs`: channels at or below it may go. Rejects with the driver's error. */
export async function settledFloor(store: Store, settleMs: number): Promise<number> {
  const [row] = await queryAgain<{ floor: number }>(store, SETTLED, [settleMs]);
  return row?.floor ?? 0;
}

/** Raises the floor to `head` at least, unless it was raised within `settleMs`. Rejects with the driver's error. */
export async function raiseFloor(store: Store, head: number, settleMs: number): Promise<void> {
  await queryAgain(store, RAISE, [settleMs, head]);
}
