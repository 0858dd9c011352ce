// The database's clock as this node can tell it without asking, as an upper bound on what a heartbeat may credit.

/** @see createDatabaseClock */
export interface DatabaseClock {
  /** The database has just answered that its clock stands at `epochMs`. */
  note(epochMs: number): void;
  /** The latest that its clock can stand at now, in epoch milliseconds; undefined before the first answer. */
  latest(): number | undefined;
}

/** More than an answer takes on its way, and more than two clocks part in a minute. */
const TOLERANCE_MS = 2_000;

/**
 * A heartbeat credits up to the moment at which the database carries it out. A database that was frozen carries out much later
 * what it had been sent before, when the client may be long gone; so the statement also says how late it may be. The database's
 * clock stays the one that counts: should it jump ahead, one heartbeat credits less, and the next one the rest.
 * @param monotonic milliseconds that only grow, for tests
 */
export function createDatabaseClock(monotonic: () => number = () => performance.now()): DatabaseClock {
  let ahead: number | undefined;
  return {
    note(epochMs) {
      ahead = epochMs - monotonic();
    },
    latest: () => (ahead === undefined ? undefined : Math.ceil(monotonic() + ahead) + TOLERANCE_MS),
  };
}
