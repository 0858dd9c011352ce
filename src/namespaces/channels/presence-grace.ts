// Departures: who has gone from a room counts as there for a while, because a reload is no absence.

/** Somebody who was in rooms on a connection that has gone. */
export interface Departure {
  user: string;
  connection: string;
  rooms: readonly string[];
}

/** The departures of one node. */
export interface Departures {
  /** The connection has gone; its rooms are left when the time is over. */
  add(departure: Departure): void;
  /** Leaves none of them any more, because the node goes: the others do it, for those who do not come back to them. */
  close(): void;
}

/** Makes them. `leave` takes the connection out of the rooms, and tells those who stay; `afterMs` is the time in between. */
export function createDepartures(
  leave: (departure: Departure) => Promise<void>,
  afterMs: number,
  onFault: (error: unknown) => void,
): Departures {
  const open = new Map<Departure, NodeJS.Timeout>();
  let closed = false;
  const depart = (departure: Departure): void => {
    open.delete(departure);
    leave(departure).catch(onFault);
  };
  return {
    add(departure) {
      if (!closed) open.set(departure, setTimeout(depart, afterMs, departure).unref());
    },
    close() {
      closed = true;
      for (const timer of open.values()) clearTimeout(timer);
      open.clear();
    },
  };
}
