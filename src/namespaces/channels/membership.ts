// Rooms of `/channels`: who is in them on which connection, and the news of who comes and goes.

import type { Cluster } from "../../cluster/cluster.ts";
import { channelOf } from "../../contract/channels.ts";
import { presence, room } from "../../contract/channels-namespace.ts";
import { Failure } from "../../contract/errors.ts";
import { type Action, action } from "../../realtime/handler.ts";
import type { AnyNamespace, AnySocket } from "../../realtime/types.ts";
import type { Heir } from "../inheritance.ts";
import type { ChannelsDependencies } from "./dependencies.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** A user whose last connection is gone counts as away only after so long: a reload is no absence. */
const AWAY_AFTER_MS = 5000;

/** The rooms of one socket. */
export interface Membership {
  readonly actions: Record<"join_room" | "leave_room" | "presence", Action>;
  /** Joins a room again that the connection before this one was in. */
  rejoin(room: string, offset: number | undefined): Promise<void>;
  /** Throws `FORBIDDEN` for a room that this connection has not joined. */
  assertIn(room: string): void;
  /** Leaves all rooms because the connection is gone. */
  end(): void;
}

/** The group of presence behind a room. */
const groupOf = (name: string): string => `room:${name}`;

/** Tells those in a room that a user came or went. */
export function tellPresence(namespace: AnyNamespace, name: string, user: string, online: boolean): void {
  const payload = { room: name, user, online, from: user, timestamp: Date.now() };
  namespace.to(channelOf.room(name)).emit("presence", payload);
}

/** Passes on that users have gone whose last node died. One node is told of each. */
export function watchDeadNodes(namespace: AnyNamespace, cluster: Cluster): void {
  cluster.presence.onGone(({ group, member }) => {
    if (group.startsWith("room:")) tellPresence(namespace, group.slice("room:".length), member, false);
  });
}

/** Makes the rooms of one socket. */
export function createMembership(
  socket: AnySocket,
  subscriptions: Subscriptions,
  heir: Heir,
  { cluster, limits, onFault }: ChannelsDependencies,
): Membership {
  const { user, identity } = socket.data.admission;
  const joined = new Set<string>();

  async function join(name: string, offset: number | undefined): Promise<number> {
    if (identity === undefined) throw new Failure("FORBIDDEN");
    if (joined.has(name)) return (await cluster.presence.size(groupOf(name))).members;
    if (joined.size >= limits.roomsPerSocket.most) {
      throw new Failure("RATE_LIMIT", `at most ${limits.roomsPerSocket.most} rooms per connection`);
    }
    joined.add(name);
    await subscriptions.join(name, offset);
    const { first, members } = await cluster.presence.enter(groupOf(name), user, socket.id);
    if (!socket.connected) void cluster.presence.leave(groupOf(name), user, socket.id);
    else if (first) tellPresence(socket.nsp, name, user, true);
    await heir.rooms([...joined]);
    return members;
  }

  async function leave(name: string): Promise<number> {
    if (!joined.delete(name)) return (await cluster.presence.size(groupOf(name))).members;
    subscriptions.leave(channelOf.room(name));
    const { last, members } = await cluster.presence.leave(groupOf(name), user, socket.id);
    if (last) tellPresence(socket.nsp, name, user, false);
    await heir.rooms([...joined]);
    return members;
  }

  async function goneFrom(name: string, namespace: AnyNamespace): Promise<void> {
    const { last } = await cluster.presence.leave(groupOf(name), user, socket.id);
    if (!last) return;
    setTimeout(() => {
      cluster.presence.online(groupOf(name), [user]).then((online) => {
        if (online.length === 0) tellPresence(namespace, name, user, false);
      }, onFault);
    }, AWAY_AFTER_MS).unref();
  }

  function assertIn(name: string): void {
    if (!joined.has(name)) throw new Failure("FORBIDDEN", `room: ${name} is not joined`);
  }

  return {
    actions: {
      join_room: action(room, async ({ room: name }) => ({ room: name, members: await join(name, undefined) })),
      leave_room: action(room, async ({ room: name }) => ({ room: name, members: await leave(name) })),
      presence: action(presence, async ({ room: name, users = [] }) => {
        if (name === undefined) return { online: await cluster.presence.online("channels", users) };
        assertIn(name);
        return { online: await cluster.presence.members(groupOf(name)) };
      }),
    },
    async rejoin(name, offset) {
      await join(name, offset);
    },
    assertIn,
    end() {
      for (const name of joined) goneFrom(name, socket.nsp).catch(onFault);
      joined.clear();
    },
  };
}
