// The presence grace period: who has gone from a room counts as there for a while, because a reload is no absence.

/** A connection that has gone, with the rooms that its user was in. */
export interface GoneConnection {
  user: string;
  connection: string;
  rooms: readonly string[];
}

/** The grace periods of one node. */
export interface PresenceGrace {
  /** The connection has gone; its rooms are left when the time is over. */
  add(gone: GoneConnection): void;
  /** Leaves none of them any more, because the node goes: the others do it, for those who do not come back to them. */
  close(): void;
}

/**
 * Starts the grace periods of one node. `leave` takes the connection out of the rooms and tells those who stay; it is called
 * after `afterMs` milliseconds.
 */
export function createPresenceGrace(
  leave: (gone: GoneConnection) => Promise<void>,
  afterMs: number,
  onFault: (error: unknown) => void,
): PresenceGrace {
  const waiting = new Map<GoneConnection, NodeJS.Timeout>();
  let closed = false;
  const expire = (gone: GoneConnection): void => {
    waiting.delete(gone);
    leave(gone).catch(onFault);
  };
  return {
    add(gone) {
      if (!closed) waiting.set(gone, setTimeout(expire, afterMs, gone).unref());
    },
    close() {
      closed = true;
      for (const timer of waiting.values()) clearTimeout(timer);
      waiting.clear();
    },
  };
}
