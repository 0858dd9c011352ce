// Run sessions: who owns the run whose results go to `run-results/<id>`.
import { createHash, randomUUID } from "node:crypto";
import { channelOf } from "../contract/channel-names.ts";
import { Failure } from "../contract/errors.ts";
import { OFFSET_FLOOR } from "../event-log/offset-floor.ts";
import type { Store } from "../store/store.ts";

/** Who registers a session, and under which id. */
export interface Registration {
  readonly user: string;
  /** Without it one is made that cannot be guessed: with the same `key`, the same. */
  readonly session?: string | undefined;
  readonly key?: string | undefined;
  /** A backend decides; a user may claim what has no results yet, until a backend decides otherwise. */
  readonly by: "user" | "backend";
}

/**
 * Owners of run sessions. A session that a backend has registered never changes hands, nor does one whose id was made here; one
 * that nobody has used for long is forgotten, with its results.
 */
export interface RunSessionService {
  /**
   * Makes the user the owner of a session. @returns `created` is false when there was one already
   * @throws Failure CONFLICT when it is another's, FORBIDDEN when a user claims one that has results already
   */
  register(registration: Registration): Promise<{ sessionId: string; created: boolean }>;
  /** The owner's user id, or undefined while nobody has registered it. To ask is to use it: it is kept for as long as events are. */
  owner(session: string): Promise<string | undefined>;
}

/**
 * The first registration stands, but for a claim, over which a backend decides. Of several nodes that register one id, the database
 * lets one insert it. One statement, because the row may go at any moment.
 */
const DECIDE = `INSERT INTO run_sessions AS s (id, user_id) VALUES ($1, $2)
ON CONFLICT (id) DO UPDATE SET user_id = EXCLUDED.user_id, claimed = false, used_at = now()
  WHERE s.claimed OR s.user_id = EXCLUDED.user_id
RETURNING xmax = 0 AS created`;

/**
 * A claim and a push exclude each other by the row of the channel, which every push locks until its commit: either the channel keeps
 * results that came first, or the claim is there before them.
 */
const CLAIM = `WITH channel AS (
  INSERT INTO channels AS c (name, head, oldest) VALUES ($3, ${OFFSET_FLOOR}, ${OFFSET_FLOOR} + 1)
  ON CONFLICT (name) DO UPDATE SET head = c.head RETURNING c.head, c.oldest
)
INSERT INTO run_sessions (id, user_id, claimed) SELECT $1, $2, true FROM channel WHERE oldest > head
ON CONFLICT (id) DO NOTHING RETURNING true AS created`;

// A use is noted once a day.
const OWNER = `WITH used AS (
  UPDATE run_sessions SET used_at = now() WHERE id = $1 AND used_at < now() - interval '1 day'
)
SELECT user_id FROM run_sessions WHERE id = $1`;

/** Creates the register of run sessions over a store. */
export function createRunSessions({ query }: Pick<Store, "query">): RunSessionService {
  async function owner(session: string): Promise<string | undefined> {
    const [row] = await query<{ user_id: string }>(OWNER, [session]);
    return row?.user_id;
  }

  async function claim(sessionId: string, user: string): Promise<{ sessionId: string; created: boolean }> {
    const rows = await query<{ created: true }>(CLAIM, [sessionId, user, channelOf.runResults(sessionId)]);
    if (rows.length > 0) return { sessionId, created: true };
    const known = await owner(sessionId);
    if (known === user) return { sessionId, created: false };
    if (known !== undefined) throw taken();
    throw new Failure("FORBIDDEN", "results were pushed to this session already: a backend says whose it is");
  }

  return {
    async register({ session, user, key, by }) {
      if (session !== undefined && by === "user") return claim(session, user);
      const made = () => (key === undefined ? randomUUID() : createHash("sha256").update(key).digest("base64url"));
      const sessionId = session ?? made();
      const [row] = await query<{ created: boolean }>(DECIDE, [sessionId, user]);
      if (row === undefined) throw taken();
      return { sessionId, created: row.created };
    },
    owner,
  };
}

function taken(): Failure {
  return new Failure("CONFLICT", "this session is another user's");
}
