// What a real server does in the background and the embedded one (single-user mode) does not: checkpoints and vacuum.
import type { Store } from "./interface.ts";

const EVERY_MS = 60_000;
/** Write-ahead log since the last checkpoint, in bytes: it is read again after a crash, and kept on the disk. */
const CHECKPOINT_AFTER_BYTES = 16 * 1024 * 1024;
/** When autovacuum would take up a table (PostgreSQL documentation, 24.1.6), with its default thresholds. */
const WORN_TABLES = `SELECT quote_ident(relname) AS name FROM pg_stat_user_tables
  WHERE n_dead_tup > 50 + 0.2 * n_live_tup OR n_mod_since_analyze > 50 + 0.1 * n_live_tup`;
const LOG_SINCE_CHECKPOINT =
  "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn)::float8 AS bytes FROM pg_control_checkpoint()";

/** One round: cuts the log, then sweeps the tables that need it, each as a statement of its own so that others get a turn. */
export async function tidyUp(query: Store["query"]): Promise<void> {
  const [written] = await query<{ bytes: number }>(LOG_SINCE_CHECKPOINT, []);
  if (written !== undefined && written.bytes > CHECKPOINT_AFTER_BYTES) await query("CHECKPOINT", []);
  for (const { name } of await query<{ name: string }>(WORN_TABLES, [])) await query(`VACUUM (ANALYZE) ${name}`, []);
}

/** Does so every minute. @returns stops it */
export function startMaintenance(query: Store["query"]): () => void {
  const timer = setInterval(() => {
    // A database that cannot do it now says so to everyone who uses it; the next round tries again.
    tidyUp(query).catch(() => undefined);
  }, EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
