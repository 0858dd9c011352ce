// The form of the statements that clean up: one node at a time, a few rows at a time, and nobody waited for.

/** Rows that one statement deletes: some milliseconds, also on the one connection of an embedded database. */
export const BATCH = 500;
/** Names the advisory lock of whoever cleans; ASCII of "clean". */
const LOCK_KEY = 427_020_345_710;

/**
 * The lock of whoever cleans, as the first CTE of each statement: the other nodes find it taken, change nothing and answer
 * `mine: false`. Rows that somebody holds are skipped, not waited for; hence cleaning can neither block nor take part in a
 * deadlock.
 */
export const LOCK = `lock AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(${LOCK_KEY}) AS mine)`;

/** A statement that deletes up to {@link BATCH} rows of a table, which an index finds; answers `mine` and `rows`. */
export const deleteWhere = (table: string, condition: string): string => `WITH ${LOCK}, gone AS MATERIALIZED (
  SELECT t.ctid AS row_id FROM ${table} t WHERE (SELECT mine FROM lock) AND ${condition} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED
), deleted AS (
  DELETE FROM ${table} t USING gone WHERE t.ctid = gone.row_id RETURNING 1
)
SELECT lock.mine, (SELECT count(*) FROM deleted) AS rows FROM lock`;

/**
 * The rows `w` in a part of a table, from the block `$2` to before the block `$3`, each written as `(<block>,0)`: in the order in
 * which they lie on the disk, which is ten times as quick as by a key. A row that moves meanwhile is met the next time.
 */
export const rowsBetween = (table: string, columns: string): string =>
  `SELECT ${columns} FROM ${table} w WHERE (SELECT mine FROM lock) AND w.ctid >= $2::text::tid AND w.ctid < $3::text::tid`;

/** How many blocks a table has. */
export const blocksOf = (table: string): string =>
  `pg_relation_size('${table}') / current_setting('block_size')::int AS blocks`;

/**
 * A statement that deletes what in a part of a table meets a condition on `t`, whose `$1` is the retention. No index is needed for
 * the condition: on columns that change with every use it would cost each use, and without one the whole table each round.
 */
export const deleteInPassing = (table: string, condition: string): string => `WITH ${LOCK}, part AS MATERIALIZED (
  ${rowsBetween(table, "w.ctid AS row_id")}
), gone AS MATERIALIZED (
  SELECT t.ctid AS row_id FROM ${table} t JOIN part ON t.ctid = part.row_id WHERE ${condition} FOR UPDATE OF t SKIP LOCKED
), deleted AS (
  DELETE FROM ${table} t USING gone WHERE t.ctid = gone.row_id RETURNING 1
)
SELECT lock.mine, (SELECT count(*) FROM deleted) AS rows, ${blocksOf(table)} FROM lock`;
