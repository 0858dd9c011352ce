// What a client says of channels, rooms and those in them: schemas of subscribing, acking, joining and asking.
import { z } from "zod";
import { channelName } from "./channel-names.ts";
import { roomName, userId } from "./ids.ts";

/** `since` asks for everything after that offset of that `epoch`. */
export const subscribe = z.object({
  channel: channelName,
  since: z.int().nonnegative().optional(),
  epoch: z.string().min(1).max(64).optional(),
});

/** Leaves a subscription. */
export const unsubscribe = z.object({ channel: channelName });

/** Everything up to `offset` has been handled. */
export const acknowledge = z.object({ channel: channelName, offset: z.int().nonnegative() });

/** Joins or leaves a room. */
export const room = z.object({ room: roomName });

/** Asks who is online: in a room that one has joined, or of a list of users. */
export const presence = z
  .object({ room: roomName.optional(), users: z.array(userId).max(1000).optional() })
  .refine((value) => (value.room === undefined) !== (value.users === undefined), {
    message: "exactly one of room and users is required",
    path: ["room"],
  });

/** Who of those asked about is online. `members`: how many there are in a room, whose names are left out where they are too many. */
export const onlineUsers = z.object({ online: z.array(z.string()), members: z.int().exactOptional() });

/** The answer to a subscribe: the head of the channel, and how many kept events follow at once. */
export const subscribed = z.object({
  channel: z.string(),
  offset: z.int(),
  recovered: z.boolean(),
  replayed: z.int(),
});
/** @see subscribed */
export type Subscribed = z.infer<typeof subscribed>;

/** The answer to joining or leaving a room: how many users are in it. */
export const joined = z.object({ room: z.string(), members: z.int() });
