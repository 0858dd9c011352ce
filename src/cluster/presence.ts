// Presence: the contract of "who is there".

/** The group of the users who are connected to `/channels`. */
export const ONLINE = "channels";

/** The group of the guests there: connections without a user, all of one member. */
export const GUESTS = { group: "guests", member: "guest" } as const;

/** A member that is in a group no more. */
export type PresenceGone = { group: string; member: string };

/**
 * Members (users) of groups (`channels`, `room:<name>`), each there by any number of connections.
 *
 * MUST: say `first` for exactly one and `last` for exactly one of any number of racing connections of a member; treat a
 * second `enter` of the same connection as the first one (`first: false`); remove a dead node's connections within 15 s
 * of its death and tell `onGone`, on one node at most, each member that has none left; answer every call, also while
 * the shared memory is unreachable, by this node's own connections.
 * MUST NOT: reject a promise because the shared memory is away; say `last` or tell `onGone` while another node has a
 * connection of the member.
 */
export interface Presence {
  /** A connection of `member` comes; `members` counts the distinct ones after it. */
  enter(group: string, member: string, connection: string): Promise<{ first: boolean; members: number }>;
  /** A connection of `member` goes; nothing happens (`last: false`) where it is not in the group. */
  leave(group: string, member: string, connection: string): Promise<{ last: boolean; members: number }>;
  /** Distinct members, sorted by code unit. */
  members(group: string): Promise<string[]>;
  /** Those of `members` that are in the group, in the order given. */
  online(group: string, members: string[]): Promise<string[]>;
  /** Connections and distinct members of the group. */
  size(group: string): Promise<{ connections: number; members: number }>;
  /**
   * Hears of members whose last connection died with its node, or was lost while the shared memory was away: their
   * leave is yet to be announced, and this is the node to do it. At most once over all nodes (a node that dies right
   * then takes the news with it, `members` is right all the same). Returns how to stop. Listeners must not throw.
   */
  onGone(listener: (gone: PresenceGone) => void): () => void;
}
