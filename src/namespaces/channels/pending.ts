// Run sessions that a subscriber waits for and nobody has registered yet.

/** Told whose a session is. */
export type OwnerListener = (session: string, owner: string) => void;

/** The waiting subscribers of one node. */
export interface PendingSessions {
  /** Waits for the owner of a session; the listener is called once. */
  wait(session: string, listener: OwnerListener): void;
  /** Waits no more. */
  remove(session: string, listener: OwnerListener): void;
  /** The session has an owner now. */
  registered(session: string, owner: string): void;
  close(): void;
}

/** Sessions asked for at once: waiting for sessions that never come must cost the database nothing. */
const ASKED_AT_ONCE = 20;

/**
 * Creates the register of one node. A registration that this node was not told of is found in the database: every `everyMs`
 * milliseconds {@link ASKED_AT_ONCE} of the sessions are asked for, in turn.
 */
export function createPendingSessions(
  ownerOf: (session: string) => Promise<string | undefined>,
  everyMs: number,
  onFault: (error: unknown) => void,
): PendingSessions {
  const waiting = new Map<string, Set<OwnerListener>>();

  function registered(session: string, owner: string): void {
    const listeners = waiting.get(session) ?? [];
    waiting.delete(session);
    for (const listener of listeners) listener(session, owner);
  }

  async function ask(): Promise<void> {
    const sessions = [...waiting].slice(0, ASKED_AT_ONCE);
    for (const [session, listeners] of sessions) {
      waiting.delete(session); // to the end of the line
      waiting.set(session, listeners);
    }
    const owners = await Promise.all(sessions.map(async ([session]) => [session, await ownerOf(session)] as const));
    for (const [session, owner] of owners) if (owner !== undefined) registered(session, owner);
  }

  const timer = setInterval(() => {
    if (waiting.size > 0) ask().catch(onFault);
  }, everyMs).unref();

  return {
    wait(session, listener) {
      waiting.set(session, (waiting.get(session) ?? new Set()).add(listener));
    },
    remove(session, listener) {
      const listeners = waiting.get(session);
      listeners?.delete(listener);
      if (listeners?.size === 0) waiting.delete(session);
    },
    registered,
    close: () => clearInterval(timer),
  };
}
