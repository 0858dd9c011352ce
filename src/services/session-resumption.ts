// Session resumption of raw connections: what one had joined and heard is kept, so that the next one of the user goes on there.
import { setTimeout as delay } from "node:timers/promises";
import { createGroupCommit } from "../store/batching/group-commit.ts";
import type { Store } from "../store/store.ts";

/** How long a cut connection's rooms, subscriptions and cursors are kept for the next one, as SQL writes it. */
const KEPT = "2 minutes";
/** The pauses in which a dead connection's node may write down where it ended; one that was killed never does. */
const ENDING_MS = [10, 40, 150];
/** Searches for a state: a connection that was quicker to claim it may be cut at once, and it is found under that one's id then. */
const MAX_SEARCHES = 5;
/** The pause between two signs of life of a node, by which the end of a killed one's connections is known. */
const SIGN_OF_LIFE_EVERY_MS = 10_000;

/** What is kept of a connection. `cursors`: per channel, the offset up to which its client surely has everything. */
export interface ResumableSession {
  id: string;
  user: string;
  dialect: string;
  node: string;
  rooms: readonly string[];
  cursors: Readonly<Record<string, number>>;
}

/** What the next connection takes over. */
export interface ResumedState {
  rooms: string[];
  cursors: Record<string, number>;
}

/** Whose state is kept, and on which node it was. */
export interface Kept {
  readonly id: string;
  readonly node: string;
}

/**
 * Says which of these connections live, by their ids, after it has ended those that do not; undefined when the one that asks is
 * dead itself, which a client that changes its network several times leaves behind: the next one must not have to wait for it.
 */
export type LivingOf = (connections: readonly Kept[]) => Promise<ReadonlySet<string> | undefined>;

/** The kept state of raw connections. */
export interface ResumableSessions {
  /** Keeps the state of a living connection. */
  save(session: ResumableSession): Promise<void>;
  /** The connection was cut: its state is kept for two minutes. */
  end(session: ResumableSession): Promise<void>;
  /** The client has closed the connection itself: nothing is kept. */
  discard(session: ResumableSession): Promise<void>;
  /**
   * Gives `connection` what the user's newest dead connection of the dialect left, once, and keeps it as the state of the new
   * one. Where none has ended that it could go on with, `livingOf` decides on the others.
   */
  claim(user: string, dialect: string, connection: string, livingOf: LivingOf): Promise<ResumedState | undefined>;
  /**
   * Forgets what is kept of connections of this node that are not open (by their ids) and of which no end was written: a state that
   * was saved late, while the database was away, comes back after somebody has claimed it.
   */
  sweep(isOpen: (id: string) => boolean): Promise<void>;
  close(): Promise<void>;
}

/** What was saved within this time may be of a connection that has only begun. */
const SAVED_LONG_AGO = "1 minute";

const UNENDED = `
  SELECT id FROM resumable_sessions
  WHERE node = $1 AND ended_at IS NULL AND updated_at < now() - interval '${SAVED_LONG_AGO}'`;

const FORGET = "DELETE FROM resumable_sessions WHERE id = ANY($1::text[]) AND node = $2 AND ended_at IS NULL";

const SAVE = `
  INSERT INTO resumable_sessions (id, user_id, dialect, node, rooms, cursors)
  SELECT id, user_id, dialect, node, ARRAY(SELECT json_array_elements_text(rooms::json)), cursors::json
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    AS saved (id, user_id, dialect, node, rooms, cursors)
  ORDER BY id
  ON CONFLICT (id) DO UPDATE SET rooms = EXCLUDED.rooms, cursors = EXCLUDED.cursors, updated_at = now()`;

// Only an update: what somebody has claimed meanwhile must not come back.
const END = `
  UPDATE resumable_sessions AS kept SET cursors = given.cursors::json, ended_at = now(), updated_at = now()
  FROM unnest($1::text[], $2::text[]) AS given (id, cursors) WHERE kept.id = given.id`;

const DISCARD = "DELETE FROM resumable_sessions WHERE id = ANY($1::text[])";

const CANDIDATES = `
  SELECT id, node, ended_at IS NOT NULL AS ended FROM (
    SELECT resumable_sessions.*, coalesce(ended_at, greatest(updated_at, to_timestamp(seen.value::bigint / 1000.0))) AS last
    FROM resumable_sessions LEFT JOIN settings AS seen ON seen.name = 'node:' || node
    WHERE user_id = $1 AND dialect = $2 AND id <> $3
  ) AS kept
  WHERE last > now() - interval '${KEPT}' ORDER BY ended_at IS NULL, last DESC LIMIT 20`;

// It becomes the state of the next connection, which may be cut before it has written a line.
const TAKE = `
  UPDATE resumable_sessions SET id = $3, node = $4, ended_at = NULL, updated_at = now()
  WHERE id = $1 AND (ended_at IS NOT NULL OR $2) RETURNING rooms, cursors`;

const SIGN_OF_LIFE = `
  INSERT INTO settings (name, value) VALUES ('node:' || $1, (extract(epoch FROM now()) * 1000)::bigint::text)
  ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value`;

const PRUNE_NODES = `
  DELETE FROM settings WHERE name LIKE 'node:%' AND value::bigint < (extract(epoch FROM now()) - 86400) * 1000`;

/** A connection whose state is kept. */
interface Candidate extends Kept {
  readonly ended: boolean;
}

interface Change {
  kind: "save" | "end" | "discard";
  session: ResumableSession;
}

const ids = (sessions: readonly ResumableSession[]): string[] => sessions.map(({ id }) => id);

const columns = (sessions: readonly ResumableSession[]): unknown[][] => [
  ids(sessions),
  sessions.map(({ user }) => user),
  sessions.map(({ dialect }) => dialect),
  sessions.map(({ node }) => node),
  sessions.map(({ rooms }) => JSON.stringify(rooms)),
  sessions.map(({ cursors }) => JSON.stringify(cursors)),
];

/** Creates the sessions of one node. `onFault` is called for writes that failed; each costs at most a repeated event. */
export function createResumableSessions(
  store: Store,
  node: string,
  onFault: (error: unknown) => void,
): ResumableSessions {
  const changes = createGroupCommit<Change, void>({
    maxItems: 1000,
    maxWaitMs: 5000,
    maxQueued: 50_000,
    conflictKeys: ({ session }) => [session.id], // what happens to one session happens in its order
    async commit(batch) {
      const those = (kind: Change["kind"]): ResumableSession[] =>
        batch.filter((change) => change.kind === kind).map(({ session }) => session);
      const [saved, ended, discarded] = [those("save"), those("end"), those("discard")];
      if (saved.length > 0) await store.query(SAVE, columns(saved));
      if (ended.length > 0) await store.query(END, [ids(ended), ended.map(({ cursors }) => JSON.stringify(cursors))]);
      if (discarded.length > 0) await store.query(DISCARD, [ids(discarded)]);
      return batch.map(() => undefined);
    },
  });
  /** What a connection left: where it ended, or what was saved last once the pauses are over. */
  async function take(id: string, successor: string, pauses: readonly number[]): Promise<ResumedState | undefined> {
    for (const pause of pauses) {
      const [taken] = await store.query<ResumedState>(TAKE, [id, false, successor, node]);
      if (taken !== undefined) return taken;
      await delay(pause);
    }
    const [taken] = await store.query<ResumedState>(TAKE, [id, true, successor, node]);
    return taken;
  }

  async function takeFirst(from: readonly Kept[], successor: string, pauses: readonly number[]) {
    for (const { id } of from) {
      const taken = await take(id, successor, pauses);
      if (taken !== undefined) return taken;
    }
    return undefined;
  }

  const live = (): void => void store.query(SIGN_OF_LIFE, [node]).catch(onFault);
  const timer = setInterval(live, SIGN_OF_LIFE_EVERY_MS);
  timer.unref();
  live();
  store.query(PRUNE_NODES, []).catch(onFault);

  return {
    save: (session) => changes.add({ kind: "save", session }),
    end: (session) => changes.add({ kind: "end", session }),
    discard: (session) => changes.add({ kind: "discard", session }),
    async claim(user, dialect, connection, livingOf) {
      for (let search = 0; search < MAX_SEARCHES; search++) {
        const candidates = await store.query<Candidate>(CANDIDATES, [user, dialect, connection]);
        const [ended, open] = [candidates.filter((one) => one.ended), candidates.filter((one) => !one.ended)];
        const left = await takeFirst(ended, connection, []);
        if (left !== undefined) return left;
        if (ended.length > 0) continue; // somebody was quicker, who has to be asked now
        const living = open.length === 0 ? new Set() : await livingOf(open);
        const dead = open.filter(({ id }) => living !== undefined && !living.has(id));
        const taken = await takeFirst(dead, connection, ENDING_MS);
        if (taken !== undefined || dead.length === 0) return taken;
      }
      return undefined;
    },
    async sweep(isOpen) {
      const unended = await store.query<{ id: string }>(UNENDED, [node]);
      const left = unended.map(({ id }) => id).filter((id) => !isOpen(id));
      if (left.length > 0) await store.query(FORGET, [left, node]);
    },
    async close() {
      clearInterval(timer);
      await changes.close();
    },
  };
}
