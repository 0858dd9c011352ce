// Run sessions: who owns the run whose results go to `run-results/<id>`.
import { createHash, randomUUID } from "node:crypto";
import { Failure } from "../contract/errors.ts";
import type { Store } from "../store/store.ts";

/** Owners of run sessions. A session never changes hands; one that nobody has used for long is forgotten, with its results. */
export interface RunSessionService {
  /**
   * Makes the user the owner of a session, under an id that cannot be guessed when none is given: with the same `key`, the same.
   * @returns `created` is false when the session was this user's already. Rejects with `CONFLICT` when it is another's
   */
  register(session: string | undefined, user: string, key?: string): Promise<{ sessionId: string; created: boolean }>;
  /** The owner's user id, or undefined while nobody has registered it. To ask is to use it: it is kept for as long as events are. */
  owner(session: string): Promise<string | undefined>;
}

// Of several nodes that register one id, the database lets one insert it. One statement, because the row may go at any moment.
const REGISTER = `INSERT INTO run_sessions AS s (id, user_id) VALUES ($1, $2)
ON CONFLICT (id) DO UPDATE SET used_at = now() WHERE s.user_id = EXCLUDED.user_id
RETURNING xmax = 0 AS created`;

// A use is noted once a day.
const OWNER = `WITH used AS (
  UPDATE run_sessions SET used_at = now() WHERE id = $1 AND used_at < now() - interval '1 day'
)
SELECT user_id FROM run_sessions WHERE id = $1`;

/** Creates the register of run sessions over a store. */
export function createRunSessions({ query }: Pick<Store, "query">): RunSessionService {
  return {
    async register(session, user, key) {
      const id = session ?? (key === undefined ? randomUUID() : createHash("sha256").update(key).digest("base64url"));
      const [row] = await query<{ created: boolean }>(REGISTER, [id, user]);
      if (row === undefined) throw new Failure("CONFLICT", "this session is another user's");
      return { sessionId: id, created: row.created };
    },
    async owner(session) {
      const [row] = await query<{ user_id: string }>(OWNER, [session]);
      return row?.user_id;
    },
  };
}
