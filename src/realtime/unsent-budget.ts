// Unsent bytes of all connections of a node, whatever they speak: a thousand slow clients must not cost what one may.
import type { UnsentBudget } from "../connection/traits.ts";

/** Makes the books of one node, which should hold at most `most` unsent bytes. */
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
