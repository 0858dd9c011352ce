// Presence in rooms: the news of who comes and who goes.
import type { Cluster } from "../../cluster/cluster.ts";
import { channelOf } from "../../contract/channel-names.ts";
import type { ChannelsNamespace } from "../../realtime/types.ts";
import { createPresenceGrace, type PresenceGrace } from "./presence-grace.ts";

/** The group of the cluster's presence behind a room. */
export const groupOf = (room: string): string => `room:${room}`;

/** Tells those in a room that a user came or went. */
export function announcePresence(namespace: ChannelsNamespace, room: string, user: string, online: boolean): void {
  const payload = { room, user, online, from: user, timestamp: Date.now() };
  namespace.to(channelOf.room(room)).emit("presence", payload);
}

/** Watches who goes from the rooms of a namespace: with a connection of this node, or with another node that died. */
export function watchAbsences(
  namespace: ChannelsNamespace,
  { presence }: Pick<Cluster, "presence">,
  awayAfterMs: number,
  onFault: (error: unknown) => void,
): PresenceGrace {
  presence.onGone(({ group, member }) => {
    if (group.startsWith("room:")) announcePresence(namespace, group.slice("room:".length), member, false);
  });
  return createPresenceGrace(
    async ({ user, connection, rooms }) => {
      const left = await Promise.all(rooms.map((room) => presence.leave(groupOf(room), user, connection)));
      for (const [index, room] of rooms.entries()) {
        if (left[index]?.last) announcePresence(namespace, room, user, false);
      }
    },
    awayAfterMs,
    onFault,
  );
}
