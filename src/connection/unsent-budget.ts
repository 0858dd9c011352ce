// Unsent bytes of all connections of a node, whatever they speak: a thousand slow clients must not cost what one may.

/** The unsent bytes of a node. */
export interface UnsentBudget {
  /** Adds bytes, or takes them off where `bytes` is negative. */
  add(bytes: number): void;
  /** True while the node holds more than it should: slow connections are closed instead of waited for. */
  readonly exceeded: boolean;
}

/** Counts the unsent bytes of one node, which should hold at most `most`. */
export function createUnsentBudget(most: number): UnsentBudget {
  let unsent = 0;
  return {
    add(bytes) {
      unsent += bytes;
    },
    get exceeded() {
      return unsent > most;
    },
  };
}
