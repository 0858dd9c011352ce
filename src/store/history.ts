// The history behind the offsets: its identity and epoch, and whether it is still the one that offsets were counted in.
import { randomUUID } from "node:crypto";
import type { RunStatement } from "./run-statement.ts";

/** Where a database says that it stands. A copy stands elsewhere (`server`), a history that was gone back in as well (`line`). */
export interface Origin {
  /** The server and the database on it: a dump that is read into another one is another deployment. */
  readonly server: string;
  /** The line of history on that server: PostgreSQL begins a timeline with every failover and every restore to a point in time. */
  readonly line: string;
}

/** The history of one database, as one node sees it. */
export interface History {
  /**
   * The identity of the history: offsets of another epoch mean nothing here. It changes while the node runs when the database
   * fails over, is restored, or is found to have lost what it had committed.
   */
  readonly epoch: string;
  /** The identity of the deployment: the same for all nodes on one database, through failover; another one for a copy. */
  readonly identity: string;
  /** Says where a new connection has led to. Another place means another epoch. */
  found(origin: Origin): void;
  /** Looks where the database stands, and whether another node has begun a new epoch. Rejects with the driver's error. */
  check(): Promise<void>;
  /** Begins a new epoch, because something that was committed is gone, unless another node has done so already. Rejects as `check`. */
  renew(): Promise<void>;
  /** Hears each new epoch. @returns what stops it */
  onChange(listener: (epoch: string) => void): () => void;
}

/** What the table `settings` keeps of it. A database that was made by an earlier version has an epoch only. */
interface Kept {
  epoch: string;
  identity: string;
  origin: string;
}

const KEPT = "SELECT name, value FROM settings WHERE name IN ('epoch', 'identity', 'origin')";
const FIRST = `
INSERT INTO settings (name, value)
SELECT 'origin', $1 UNION ALL SELECT 'identity', value FROM settings WHERE name = 'epoch'
ON CONFLICT (name) DO NOTHING`;
/** All nodes come here at once: the first one that still finds the old value decides for all. */
const MOVE = `
WITH moved AS (UPDATE settings SET value = $2 WHERE name = 'origin' AND value = $1 RETURNING 1)
UPDATE settings SET value = CASE name WHEN 'epoch' THEN $3 ELSE $4 END
 WHERE (name = 'epoch' OR name = 'identity' AND $4 <> value) AND EXISTS (SELECT 1 FROM moved)`;
const RENEW = "UPDATE settings SET value = $2 WHERE name = 'epoch' AND value = $1";

/**
 * Opens the history of a migrated database: begins a new epoch when the database stands elsewhere than when it was opened last.
 * @param query runs statements on the database
 * @param originOf asks the database where it stands
 * @throws Error when somebody has removed the epoch: offsets would then mean nothing; the driver's error
 */
export async function openHistory(query: RunStatement, originOf: () => Promise<Origin>): Promise<History> {
  const listeners = new Set<(epoch: string) => void>();
  const origin = await originOf();
  await query(FIRST, [JSON.stringify(origin)]);
  let kept = await read(query);
  await follow(origin);
  const { identity } = kept;

  async function follow(now: Origin): Promise<void> {
    const text = JSON.stringify(now);
    if (text !== kept.origin) {
      const isCopy = (JSON.parse(kept.origin) as Origin).server !== now.server;
      await query(MOVE, [kept.origin, text, randomUUID(), isCopy ? randomUUID() : kept.identity]);
    }
    await refresh();
  }

  async function refresh(): Promise<void> {
    const before = kept.epoch;
    kept = await read(query);
    if (kept.epoch !== before) for (const listener of listeners) listener(kept.epoch);
  }

  return {
    get epoch() {
      return kept.epoch;
    },
    identity,
    found(now) {
      // A failure is made good by the next `check`.
      if (JSON.stringify(now) !== kept.origin) follow(now).catch(() => undefined);
    },
    check: async () => follow(await originOf()),
    async renew() {
      await query(RENEW, [kept.epoch, randomUUID()]);
      await refresh();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

async function read(query: RunStatement): Promise<Kept> {
  const rows = await query<{ name: keyof Kept; value: string }>(KEPT, []);
  const kept: Partial<Kept> = Object.fromEntries(rows.map(({ name, value }) => [name, value]));
  const { epoch, identity, origin } = kept;
  if (epoch === undefined || identity === undefined || origin === undefined) {
    throw new Error("The database has lost its epoch: its settings table has no row 'epoch'");
  }
  return { epoch, identity, origin };
}
