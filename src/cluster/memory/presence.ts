/** Presence of a single node, in memory. */
import type { PresenceBook } from "../local-state/presence.ts";
import type { Presence } from "../presence.ts";

/** Presence that lives and dies with this process: nobody is ever left behind, so `onGone` never tells. */
export const createMemoryPresence = (book: PresenceBook): Presence => ({
  enter: async (group, member, connection) => book.enter(group, member, connection),
  leave: async (group, member, connection) => book.leave(group, member, connection),
  members: async (group) => book.members(group),
  online: async (group, members) => book.online(group, members),
  size: async (group) => book.size(group),
  onGone: () => () => undefined,
});
