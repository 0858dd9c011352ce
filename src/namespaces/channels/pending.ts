// Run sessions that somebody waits for and nobody has registered yet.

/** Told whose a session is. */
export type Waiter = (session: string, owner: string) => void;

/** Those who wait on this node. */
export interface PendingSessions {
  /** Waits for the owner of a session; told once. */
  wait(session: string, waiter: Waiter): void;
  /** Waits no more. */
  forget(session: string, waiter: Waiter): void;
  /** The session has an owner now. */
  registered(session: string, owner: string): void;
  close(): void;
}

/** So many sessions at most are asked for at once: waiting for sessions that never come must cost the database nothing. */
const ASKED_AT_ONCE = 20;

/**
 * Makes the register of one node. A registration that this node was not told of is found in the database: `everyMs` some of
 * the sessions are asked for, in turn.
 */
export function createPendingSessions(
  ownerOf: (session: string) => Promise<string | undefined>,
  everyMs: number,
  onFault: (error: unknown) => void,
): PendingSessions {
  const waiters = new Map<string, Set<Waiter>>();

  function registered(session: string, owner: string): void {
    const told = waiters.get(session) ?? [];
    waiters.delete(session);
    for (const waiter of told) waiter(session, owner);
  }

  async function ask(): Promise<void> {
    const sessions = [...waiters].slice(0, ASKED_AT_ONCE);
    for (const [session, waiting] of sessions) {
      waiters.delete(session); // to the end of the line
      waiters.set(session, waiting);
    }
    const owners = await Promise.all(sessions.map(async ([session]) => [session, await ownerOf(session)] as const));
    for (const [session, owner] of owners) if (owner !== undefined) registered(session, owner);
  }

  const timer = setInterval(() => {
    if (waiters.size > 0) ask().catch(onFault);
  }, everyMs).unref();

  return {
    wait(session, waiter) {
      waiters.set(session, (waiters.get(session) ?? new Set()).add(waiter));
    },
    forget(session, waiter) {
      const waiting = waiters.get(session);
      waiting?.delete(waiter);
      if (waiting?.size === 0) waiters.delete(session);
    },
    registered,
    close: () => clearInterval(timer),
  };
}
