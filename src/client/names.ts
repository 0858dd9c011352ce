// Names of channels, written without the contract's code so that the browser bundle stays small.

/** An id as it stands in a channel name: everything outside `A-Za-z0-9_.@-` is percent-encoded. */
export function encodeId(id: string): string {
  return encodeURIComponent(id.replace(/[\uD800-\uDFFF]/gu, "\uFFFD"))
    .replace(/[!~*'()]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%40/g, "@");
}

/**
 * Channel names for the ids that belong to them.
 * @example
 * import { channelOf } from "classwire/client";
 *
 * channelOf.notifications("parent:42"); // notifications/parent%3A42
 */
export const channelOf = {
  notifications: (user: string): string => `notifications/${encodeId(user)}`,
  messages: (user: string): string => `messages/${encodeId(user)}`,
  runResults: (session: string): string => `run-results/${session}`,
  room: (room: string): string => `rooms/${room}`,
};
