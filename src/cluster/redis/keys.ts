// The names of keys and channels in Redis. The Lua scripts spell the same names. Nothing here is ever a secret.

/** Sorted set: session → its last sign of life, by Redis' clock. */
export const NODES_KEY = "classwire:nodes";
/** Hash: holder → session. */
export const slotKey = (key: string): string => `classwire:slot:${key}`;
/** Hash: holder → counter, waiting, state, session. */
export const leaseKey = (key: string): string => `classwire:lease:${key}`;
/** Hash: connection → session and member. */
export const presentKey = (group: string): string => `classwire:present:${group}`;
/** Hash: member → number of connections. */
export const membersKey = (group: string): string => `classwire:members:${group}`;
/** What the keys of rate windows begin with. */
export const RATE_PREFIX = "classwire:rate";
/** Channel: batches of the bus. */
export const BUS_CHANNEL = "classwire:bus";
/** Channel: "something changed for you", to one node. */
export const nodeChannel = (node: string): string => `classwire:to:${node}`;
