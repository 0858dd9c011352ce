// Every interval of the Redis cluster. Tests shorten them.

/** All in milliseconds. */
export type Timing = {
  /** How often a node says that it lives, looks for dead nodes and fetches what it may have missed. */
  refreshMs: number;
  /** A node that has been silent for longer is dead. */
  ttlMs: number;
  /** A command that is unanswered for about as long makes Redis count as down. */
  deadlineMs: number;
  /** The lifetime of entries of a cluster that died as a whole. */
  keepMs: number;
  /** Who was present on a node that stops in good order stays present for this time, because most come back elsewhere. */
  lingerMs: number;
  /** How often each connection pings, so that an idle one is noticed when it is dead. */
  pingMs: number;
  /** A connection that has carried nothing for longer is given up. Must be longer than `pingMs`. */
  socketMs: number;
  /** The longest pause between two attempts to connect. */
  reconnectMs: number;
};

/** What production uses: a dead node is found after 10 s and cleaned up after 13 s at the latest. */
export const DEFAULT_TIMING: Timing = {
  refreshMs: 3_000,
  ttlMs: 10_000,
  deadlineMs: 2_000,
  keepMs: 600_000,
  lingerMs: 5_000,
  pingMs: 3_000,
  socketMs: 8_000,
  reconnectMs: 1_000,
};
