// Rooms of `/channels`: who is in them on which connection, and the news of who comes and goes.
import type { Cluster } from "../../cluster/cluster.ts";
import { channelOf } from "../../contract/channel-names.ts";
import { Failure } from "../../contract/errors.ts";
import type { AnyNamespace, AnySocket } from "../../realtime/types.ts";
import type { SessionResumption } from "../session-resumption.ts";
import type { ChannelsDependencies } from "./dependencies.ts";
import { createPresenceGrace, type PresenceGrace } from "./presence-grace.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** The rooms of one socket. */
export interface Membership {
  /** Joins a room, and hears it from now on or from the offset where another connection was cut. @returns how many users are in it */
  join(room: string, resumed?: number): Promise<number>;
  /** Leaves a room. @returns how many users are in it */
  leave(room: string): Promise<number>;
  /** Who is in a room that this connection has joined. */
  members(room: string): Promise<string[]>;
  /** Throws `FORBIDDEN` for a room that this connection has not joined. */
  assertIn(room: string): void;
  /** The connection is gone. */
  end(): void;
}

/** The group of presence behind a room. */
const groupOf = (name: string): string => `room:${name}`;

/** Tells those in a room that a user came or went. */
function tellPresence(namespace: AnyNamespace, name: string, user: string, online: boolean): void {
  const payload = { room: name, user, online, from: user, timestamp: Date.now() };
  namespace.to(channelOf.room(name)).emit("presence", payload);
}

/** Watches who goes from the rooms of a namespace: with a connection of this node, or with another node that died. */
export function watchAbsences(
  namespace: AnyNamespace,
  { presence }: Pick<Cluster, "presence">,
  awayAfterMs: number,
  onFault: (error: unknown) => void,
): PresenceGrace {
  presence.onGone(({ group, member }) => {
    if (group.startsWith("room:")) tellPresence(namespace, group.slice("room:".length), member, false);
  });
  return createPresenceGrace(
    async ({ user, connection, rooms }) => {
      const left = await Promise.all(rooms.map((name) => presence.leave(groupOf(name), user, connection)));
      for (const [index, name] of rooms.entries()) if (left[index]?.last) tellPresence(namespace, name, user, false);
    },
    awayAfterMs,
    onFault,
  );
}

/** What the rooms of one socket are made of. `joined` is shared with the subscriptions, and written only here. */
export interface MembershipParts {
  joined: Set<string>;
  subscriptions: Subscriptions;
  presenceGrace: PresenceGrace;
  resumption: SessionResumption;
}

/** Makes the rooms of one socket. */
export function createMembership(
  socket: AnySocket,
  { joined, subscriptions, presenceGrace, resumption }: MembershipParts,
  { cluster, limits }: ChannelsDependencies,
): Membership {
  const { user, identity } = socket.data.admission;
  const namespace = socket.nsp;

  async function join(name: string, resumed?: number): Promise<number> {
    if (identity === undefined) throw new Failure("FORBIDDEN");
    if (joined.has(name)) return (await cluster.presence.size(groupOf(name))).members;
    if (joined.size >= limits.roomsPerSocket.most) {
      throw new Failure("RATE_LIMIT", `at most ${limits.roomsPerSocket.most} rooms per connection`);
    }
    await subscriptions.join(name, resumed);
    await socket.join(channelOf.room(name));
    joined.add(name);
    const { first, members } = await cluster.presence.enter(groupOf(name), user, socket.id);
    if (first) tellPresence(namespace, name, user, true);
    if (socket.connected) await resumption.entered(name);
    else presenceGrace.add({ user, connection: socket.id, rooms: [name] });
    return members;
  }

  async function leave(name: string): Promise<number> {
    if (!joined.delete(name)) return (await cluster.presence.size(groupOf(name))).members;
    subscriptions.leave(channelOf.room(name));
    const { last, members } = await cluster.presence.leave(groupOf(name), user, socket.id);
    if (last) tellPresence(namespace, name, user, false);
    await resumption.left(name);
    return members;
  }

  function assertIn(name: string): void {
    if (!joined.has(name)) throw new Failure("FORBIDDEN", `room: ${name} is not joined`);
  }

  return {
    join,
    leave,
    async members(name) {
      assertIn(name);
      return cluster.presence.members(groupOf(name));
    },
    assertIn,
    end() {
      if (joined.size > 0) presenceGrace.add({ user, connection: socket.id, rooms: [...joined] });
      joined.clear();
    },
  };
}
