// How many living holders a key has: a taker of no slots at all is told of everyone who has one.
import type { Slots } from "../../src/cluster/slots.ts";

/** Counts the living holders of `key`, over all nodes. */
export async function living(slots: Slots, key: string): Promise<number> {
  const taken = await slots.take(key, "counts the others", 0);
  return taken.ok ? 0 : taken.holders.length;
}
