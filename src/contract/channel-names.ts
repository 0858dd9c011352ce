// Names of channels (durable, ordered streams) and of the Socket.IO rooms that carry them.
import { z } from "zod";
import { decodeId, encodeId } from "./ids.ts";

/** Every kind of channel. `dashboard` is read through its namespace and the API, never subscribed to by name. */
export const CHANNEL_KINDS = ["dashboard", "notifications", "messages", "run-results", "rooms"] as const;

/** The part of a channel name before the slash. */
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** A channel name in its parts. `id` is the encoded part after the slash. */
export interface ChannelName {
  name: string;
  kind: ChannelKind;
  id: string;
}

/** Where a subscriber without `since` and without a cursor starts, by kind. */
export const START_OF: Record<ChannelKind, "oldest" | "head"> = {
  dashboard: "head",
  notifications: "oldest",
  messages: "oldest",
  "run-results": "oldest",
  rooms: "head",
};

const PATTERN = /^(dashboard|notifications|messages|run-results|rooms)\/([A-Za-z0-9_\-:.@%]{1,1536})$/;

/** The parts of a channel name, or undefined when it is none. Rooms and run sessions have at most 128 characters. */
export function parseChannel(name: string): ChannelName | undefined {
  const match = PATTERN.exec(name);
  if (match === null) return undefined;
  const [, kind, id] = match as unknown as [string, ChannelKind, string];
  if ((kind === "rooms" || kind === "run-results") && !/^[A-Za-z0-9_\-:.]{1,128}$/.test(id)) return undefined;
  return { name, kind, id };
}

/** A channel name from a client or backend, parsed. */
export const channelName = z
  .string()
  .max(1600)
  .transform((name, context) => {
    const parsed = parseChannel(name);
    if (parsed !== undefined) return parsed;
    context.addIssue({
      code: "custom",
      message: "must be <kind>/<name>, the name 1 to 128 characters of A-Z a-z 0-9 _ - : .",
    });
    return z.NEVER;
  });

/** The name of a channel of this kind. */
export type ChannelOf<Kind extends ChannelKind> = `${Kind}/${string}`;

/** Channel names for the ids that belong to them. */
export const channelOf = {
  dashboard: (user: string): ChannelOf<"dashboard"> => `dashboard/${encodeId(user)}`,
  notifications: (user: string): ChannelOf<"notifications"> => `notifications/${encodeId(user)}`,
  messages: (user: string): ChannelOf<"messages"> => `messages/${encodeId(user)}`,
  runResults: (session: string): ChannelOf<"run-results"> => `run-results/${session}`,
  room: (room: string): ChannelOf<"rooms"> => `rooms/${room}`,
};

/** The channel of notifications to everyone. No user's id can be written so, because `:` in an id is encoded. */
export const EVERYONE = "notifications/:everyone";

/** The user whose channel this is, for the kinds that belong to one user. */
export function ownerOf(channel: ChannelName): string | undefined {
  if (channel.name === EVERYONE) return undefined;
  return channel.kind === "rooms" || channel.kind === "run-results" ? undefined : decodeId(channel.id);
}

/** Socket.IO rooms that backends may emit to (§ emitters of the docs); a channel's room has the channel's name. */
export const roomOf = {
  user: (user: string): string => `user:${encodeId(user)}`,
  study: (user: string, course: string): string => `study:${encodeId(user)}:${encodeId(course)}`,
};
