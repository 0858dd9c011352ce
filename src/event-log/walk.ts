// A walk over a table that is too long to be looked at in each round: a part of it each time, from the front again after the end.
import { setTimeout as sleep } from "node:timers/promises";

/** What was found in one part. `mine`: no other node is cleaning; `blocks`: how long the table is. */
export interface Passed {
  readonly mine: boolean;
  readonly blocks: number;
}

/** Blocks, of 8 kB, of one statement: some 2 500 rows, milliseconds also on the one connection of an embedded database. */
const STEP = 32;
/**
 * Blocks of each table in a round: 8 MB, or a hundred thousand rows. A million rows take ten rounds, and the walk keeps up with a
 * table that gains as many rows in a round as it looks at.
 */
const ROUND = 1_024;

/** A walk. It is remembered between rounds, and begins at the front when a node starts. */
export interface Walk {
  /** Takes parts until the end of the table or of this round's share, and rests after each for as long as it took. */
  round(stopped: () => boolean, take: (from: string, to: string) => Promise<Passed>): Promise<void>;
}

/** Creates a walk over a table. */
export function createWalk(): Walk {
  let next = 0;
  return {
    async round(stopped, take) {
      for (let done = 0; done < ROUND && !stopped(); done += STEP) {
        const start = performance.now();
        const { mine, blocks } = await take(`(${next},0)`, `(${next + STEP},0)`);
        if (!mine) return; // another node is at it
        next += STEP;
        if (next >= blocks) {
          next = 0;
          return;
        }
        await sleep(performance.now() - start);
      }
    },
  };
}
