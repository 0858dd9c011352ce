// Slots: the contract of a limited number of connections per key.

/** One holder of a slot or a lease, and the node that its connection is on. */
export type Held = { holder: string; node: string };

/** The answer to {@redis Slots.take}: a slot, or everyone who has one, so that the caller can probe them. */
export type SlotTaken = { ok: true } | { ok: false; holders: Held[] };

/**
 * Connections per user: at most `limit` holders of a key, over all nodes.
 *
 * MUST: be exact whatever races (never more than `limit` living holders of a key); answer every call, also while the
 * shared memory is unreachable (then by what this node itself holds); treat a second `take` by the same holder as the
 * first one; treat the slots of a node that died as free, 10 s after its last sign of life at the latest, and remove
 * them within 15 s.
 * MUST NOT: reject a promise because the shared memory is away; take a slot from a holder that is alive.
 */
export interface Slots {
  /** Takes a slot of `key` for `holder`, or answers with those who hold all `limit` slots. */
  take(key: string, holder: string, limit: number): Promise<SlotTaken>;
  /** Gives the slot back; nothing happens where there is none. Also right while the `take` of it is on its way. */
  release(key: string, holder: string): Promise<void>;
}
