/** Leases of a single node, in memory. */

import type { Leases } from "../leases.ts";
import type { LeaseNews } from "../local-state/lease-changes.ts";
import { type LeaseBook, nextCounter } from "../local-state/leases.ts";

/** Leases that live and die with this process. `node` is this node's id, for `displaced`. */
export const createMemoryLeases = (node: string, book: LeaseBook, news: LeaseNews): Leases => {
  let counter = 0;
  return {
    take: async (key, holder, options) => {
      const next = nextCounter(counter, Date.now());
      const decision = book.take(key, holder, options?.waiting ?? 0, next);
      if (!decision.ok) return { ok: false };
      counter = next;
      news.tell(decision.changes);
      const { displaced } = decision;
      return { ok: true, counter, ...(displaced && { displaced: { holder: displaced.holder, node } }) };
    },
    release: async (key, holder) => news.tell(book.release(key, holder)),
    holds: async (key, holder) => book.entries.get(key, holder)?.state === "active",
    onChange: (listener) => news.onChange(listener),
  };
};
