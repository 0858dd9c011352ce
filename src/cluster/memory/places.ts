/** Places of a single node, in memory. */
import type { PlaceBook } from "../local-state/slots.ts";
import type { Places } from "../places.ts";

/** Places that live and die with this process. */
export const createMemoryPlaces = (book: PlaceBook): Places => ({
  take: async (key, holder, limit) => book.take(key, holder, limit),
  release: async (key, holder) => {
    book.entries.delete(key, holder);
  },
  count: async (key) => book.entries.count(key),
});
