// Run sessions: who owns the run whose results go to `run-results/<id>`.
import { createHash, randomUUID } from "node:crypto";
import { Failure } from "../contract/errors.ts";
import type { Store } from "../store/store.ts";

/** Owners of run sessions. A session never changes hands. */
export interface RunSessionService {
  /**
   * Makes the user the owner of a session, under an id that cannot be guessed when none is given: with the same `key`, the same.
   * @returns `created` is false when the session was this user's already. Rejects with `CONFLICT` when it is another's
   */
  register(session: string | undefined, user: string, key?: string): Promise<{ sessionId: string; created: boolean }>;
  /** The owner's user id, or undefined while nobody has registered it. */
  owner(session: string): Promise<string | undefined>;
}

/** Creates the register of run sessions over a store. */
export function createRunSessions({ prisma }: Store): RunSessionService {
  const owner = async (session: string): Promise<string | undefined> =>
    (await prisma.runSession.findUnique({ where: { id: session } }))?.userId;
  return {
    async register(session, user, key) {
      const id = session ?? (key === undefined ? randomUUID() : createHash("sha256").update(key).digest("base64url"));
      // Of several nodes that register one id, the database lets one insert it; rows never go, so the owner is there to be read.
      const { count } = await prisma.runSession.createMany({ data: [{ id, userId: user }], skipDuplicates: true });
      if (count === 0 && (await owner(id)) !== user) throw new Failure("CONFLICT", "this session is another user's");
      return { sessionId: id, created: count > 0 };
    },
    owner,
  };
}
