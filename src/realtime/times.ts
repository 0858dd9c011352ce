// How long the real-time half waits for what: the documented times, which tests shorten.

/** Durations in milliseconds. */
export interface RealtimeTimes {
  /** A connection that has joined no namespace, or has left the last one, is closed after this time. */
  readonly joinWithinMs: number;
  /** A connection that lasts this long gives the attempt back that it was. */
  readonly attemptMs: number;
  /** The presence grace period: a user whose last connection in a room is gone counts as away only after it. */
  readonly awayAfterMs: number;
  /** How long the comings and goings of a room are gathered before it is told of them. */
  readonly presenceEveryMs: number;
  /** The same for rooms that are told a number only: what that costs grows with their members. */
  readonly crowdedPresenceEveryMs: number;
  /** How long a connection at a limit may take to answer a ping before it gives way. */
  readonly probeMs: number;
  /** The pause between two comparisons of a node's open channels with the log. */
  readonly compareEveryMs: number;
  /** The time over which clients are told to connect anew when the database's history has changed. */
  readonly reconnectOverMs: number;
  /** The pause between two questions to the database for the owners of pending run sessions. */
  readonly pendingEveryMs: number;
}

/** The documented times. */
export const REALTIME_TIMES: RealtimeTimes = {
  joinWithinMs: 5000,
  attemptMs: 1000,
  awayAfterMs: 5000,
  presenceEveryMs: 250,
  crowdedPresenceEveryMs: 1000,
  probeMs: 2000,
  compareEveryMs: 2000,
  reconnectOverMs: 1000,
  pendingEveryMs: 2000,
};
