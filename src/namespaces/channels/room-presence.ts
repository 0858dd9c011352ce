// Presence in rooms: who comes and who goes, told on every node to those who share the room.
import type { Cluster } from "../../cluster/cluster.ts";
import type { Limits } from "../../config/limits.ts";
import { channelOf } from "../../contract/channel-names.ts";
import type { RealtimeTimes } from "../../realtime/times.ts";
import type { ChannelsNamespace } from "../../realtime/types.ts";
import { PresenceChanges } from "./presence-changes.ts";
import { createPresenceGrace, type GoneConnection } from "./presence-grace.ts";

/** The group of the cluster's presence behind a room. */
export const groupOf = (room: string): string => `room:${room}`;

/** The topic of the bus: `[room, user, 1 | -1]`. */
const TOPIC = "presence";

/** The presence of one node's rooms. */
export interface RoomPresence {
  /** A connection comes to a room. Resolves with how many members it has then. */
  enter(room: string, user: string, connection: string): Promise<number>;
  /** A connection leaves a room. Resolves with how many members it has then. */
  leave(room: string, user: string, connection: string): Promise<number>;
  /** A connection is gone: its rooms are left after the grace period. */
  gone(connection: GoneConnection): void;
  /** How many are in a room, and who, unless they are more than are told by name. */
  members(room: string): Promise<{ online: string[]; members: number }>;
  /** How many are in a room. */
  size(room: string): Promise<number>;
  /** Tells nothing any more, because the node goes. */
  close(): void;
}

/** What it is made of. */
export interface RoomPresenceDependencies {
  readonly cluster: Pick<Cluster, "presence" | "bus">;
  readonly limits: Pick<Limits, "presenceList">;
  readonly times: Pick<RealtimeTimes, "awayAfterMs" | "presenceEveryMs" | "crowdedPresenceEveryMs">;
  readonly onFault: (error: unknown) => void;
}

/**
 * Creates the presence of the rooms of a namespace. The node on which somebody came or went tells the others of it, and each
 * tells its own clients: so a room hears as much of it however many nodes there are.
 */
export function createRoomPresence(
  namespace: ChannelsNamespace,
  { cluster, limits, times, onFault }: RoomPresenceDependencies,
): RoomPresence {
  const { presence, bus } = cluster;
  const size = async (room: string): Promise<number> => (await presence.size(groupOf(room))).members;
  const changes = new PresenceChanges({
    mostNamed: limits.presenceList.most,
    everyMs: times.presenceEveryMs,
    crowdedEveryMs: times.crowdedPresenceEveryMs,
    size,
    online: (room, users) => presence.online(groupOf(room), users),
    tell: (change) => {
      namespace.local.to(channelOf.room(change.room)).emit("presence", { ...change, timestamp: Date.now() });
    },
    onFault,
  });
  /** Nobody here listens to most rooms of the other nodes. */
  const heard = (room: string, user: string, by: 1 | -1): void => {
    if (namespace.adapter.rooms.has(channelOf.room(room))) changes.add(room, user, by);
  };
  const changed = (room: string, user: string, by: 1 | -1): void => {
    heard(room, user, by);
    bus.publish(TOPIC, [room, user, by]);
  };
  const leave = async (room: string, user: string, connection: string): Promise<number> => {
    const { last, members } = await presence.leave(groupOf(room), user, connection);
    if (last) changed(room, user, -1);
    return members;
  };
  const grace = createPresenceGrace(
    async ({ user, connection, rooms }) => {
      await Promise.all(rooms.map((room) => leave(room, user, connection)));
    },
    times.awayAfterMs,
    onFault,
  );
  const stopHearing = bus.subscribe(TOPIC, (message) => {
    if (isChange(message)) heard(...message);
  });
  const stopWatching = presence.onGone(({ group, member }) => {
    if (group.startsWith("room:")) changed(group.slice("room:".length), member, -1);
  });

  return {
    async enter(room, user, connection) {
      const { first, members } = await presence.enter(groupOf(room), user, connection);
      if (first) changed(room, user, 1);
      return members;
    },
    leave,
    gone: (connection) => grace.add(connection),
    async members(room) {
      const members = await size(room);
      if (members > limits.presenceList.most) return { online: [], members };
      const online = await presence.members(groupOf(room));
      return { online, members: online.length };
    },
    size,
    close() {
      stopHearing();
      stopWatching();
      grace.close();
      changes.close();
    },
  };
}

function isChange(message: unknown): message is [room: string, user: string, by: 1 | -1] {
  if (!Array.isArray(message)) return false;
  const [room, user, by]: unknown[] = message;
  return typeof room === "string" && typeof user === "string" && (by === 1 || by === -1);
}
