// The names of keys and channels in Redis. The Lua scripts spell the same names. Nothing here is ever a secret.

/** The names of one cluster: all begin with its prefix, so that clusters on one Redis never meet. */
export class RedisKeys {
  /** What all of them begin with, without the colon. */
  readonly prefix: string;
  /** Sorted set: session → its last sign of life, by Redis' clock. */
  readonly nodes: string;
  /** What the keys of rate windows begin with. */
  readonly rates: string;
  /** Channel: batches of the bus. */
  readonly bus: string;

  constructor(prefix: string) {
    this.prefix = prefix;
    this.nodes = `${prefix}:nodes`;
    this.rates = `${prefix}:rate`;
    this.bus = `${prefix}:bus`;
  }

  /** Hash: holder → session. */
  slot(key: string): string {
    return `${this.prefix}:slot:${key}`;
  }

  /** Hash: holder → counter, waiting, state, session. */
  lease(key: string): string {
    return `${this.prefix}:lease:${key}`;
  }

  /** Hash: connection → session and member. */
  presence(group: string): string {
    return `${this.prefix}:present:${group}`;
  }

  /** Hash: member → number of connections. */
  members(group: string): string {
    return `${this.prefix}:members:${group}`;
  }

  /** Channel: "something changed for you", to one node. */
  toNode(node: string): string {
    return `${this.prefix}:to:${node}`;
  }
}
