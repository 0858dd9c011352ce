// The `/channels` namespace: subscriptions, rooms, messages and presence of one user per socket.

import { GUESTS, ONLINE } from "../../cluster/presence.ts";
import { LazySet } from "../../connection/lazy-set.ts";
import { channelOf, roomOf } from "../../contract/channel-names.ts";
import { type Ending, onEnd } from "../../realtime/endings.ts";
import type { InOrder } from "../../realtime/handler.ts";
import { initSocket } from "../../realtime/init-socket.ts";
import type { ChannelsNamespace, ChannelsSocket } from "../../realtime/types.ts";
import type { SessionResumption } from "../session-resumption.ts";
import { ACTIONS, type ChannelsContext } from "./actions.ts";
import type { ChannelsDependencies } from "./dependencies.ts";
import { Membership } from "./membership.ts";
import { ownChannels } from "./own-channels.ts";
import { createPendingSessions, type OwnerListener, type PendingSessions } from "./pending.ts";
import { createRoomPresence, type RoomPresence } from "./room-presence.ts";
import { type SubscriptionSurroundings, Subscriptions } from "./subscriptions.ts";

/** What the sockets of one node share. */
interface Shared {
  readonly pending: PendingSessions;
  readonly presence: RoomPresence;
  /** Those that are open, by their sockets' ids. */
  readonly connections: Map<string, ChannelsConnection>;
  readonly dependencies: ChannelsDependencies;
}

/** Serves the namespace. @returns releases what is still open */
export function serveChannels(namespace: ChannelsNamespace, dependencies: ChannelsDependencies): { close: () => void } {
  const { control, runSessions, times, onFault } = dependencies;
  const pending = createPendingSessions((session) => runSessions.owner(session), times.pendingEveryMs, onFault);
  const presence = createRoomPresence(namespace, dependencies);
  const connections = new Map<string, ChannelsConnection>();
  control.onSessionRegistered((session, owner) => {
    pending.registered(session, owner);
    const channel = channelOf.runResults(session);
    for (const id of namespace.adapter.rooms.get(channel) ?? []) connections.get(id)?.ownerChanged(channel);
  });
  const shared = { pending, presence, connections, dependencies };
  namespace.on("connection", (socket) => {
    connections.set(socket.id, new ChannelsConnection(socket, shared));
  });
  return {
    close() {
      pending.close();
      presence.close();
    },
  };
}

/** One connection: its subscriptions and its rooms. */
class ChannelsConnection implements ChannelsContext, SubscriptionSurroundings, Ending {
  readonly socket: ChannelsSocket;
  readonly subscriptions: Subscriptions;
  readonly membership: Membership;
  readonly joined = new LazySet<string>();
  readonly resumption: SessionResumption;
  readonly #shared: Shared;
  readonly #events: InOrder;
  /** How it hears of a session's owner, once it has asked. */
  #onOwner: OwnerListener | undefined;

  constructor(socket: ChannelsSocket, shared: Shared) {
    const { dependencies, presence } = shared;
    this.socket = socket;
    this.#shared = shared;
    this.resumption = dependencies.resumptions.of(socket);
    this.subscriptions = new Subscriptions(socket, this, dependencies);
    this.membership = new Membership(this, presence, dependencies.limits);
    const ready = Promise.resolve().then(() => this.#start());
    this.#events = initSocket(socket, ACTIONS, this, dependencies, ready);
    onEnd(socket, this);
  }

  get dependencies(): ChannelsDependencies {
    return this.#shared.dependencies;
  }

  /** A channel that it hears may be another user's now. */
  ownerChanged(channel: string): void {
    this.#events.inOrder(() => this.subscriptions.recheck([channel]));
  }

  wait(session: string): void {
    this.#onOwner ??= (registered, owner) =>
      this.#events.inOrder(() => this.subscriptions.registered(registered, owner));
    this.#shared.pending.wait(session, this.#onOwner);
  }

  stopWaiting(session: string): void {
    if (this.#onOwner !== undefined) this.#shared.pending.remove(session, this.#onOwner);
  }

  ended(): void {
    const { cluster, onFault } = this.dependencies;
    this.#shared.connections.delete(this.socket.id);
    this.subscriptions.end();
    this.membership.end();
    const { group, member } = this.#presence;
    cluster.presence.leave(group, member, this.socket.id).catch(onFault);
  }

  async #start(): Promise<void> {
    const { socket } = this;
    const { user, identity } = socket.data.admission;
    if (identity !== undefined) await socket.join(roomOf.user(user));
    socket.emit("connected", {
      message: "WebSocket connection established",
      userId: identity?.id ?? "",
      epoch: this.dependencies.eventLog.epoch,
    });
    await Promise.all([this.#comeOnline(), this.#resume()]);
  }

  async #comeOnline(): Promise<void> {
    const { presence } = this.dependencies.cluster;
    const { group, member } = this.#presence;
    await presence.enter(group, member, this.socket.id);
    if (!this.socket.connected) await presence.leave(group, member, this.socket.id);
  }

  /** As whom it is online. */
  get #presence(): { group: string; member: string } {
    const { user, identity } = this.socket.data.admission;
    return identity === undefined ? GUESTS : { group: ONLINE, member: user };
  }

  /** Hears its own channels, and goes on with what the connection before it had. */
  async #resume(): Promise<void> {
    const { rooms, cursors } = await this.resumption.claim();
    const own = new Map(ownChannels(this.socket.data.admission).map((channel) => [channel, cursors[channel]]));
    await this.subscriptions.add(own);
    const joined = new Set<string>(rooms.map(channelOf.room));
    const others = Object.entries(cursors).filter(([channel]) => !own.has(channel) && !joined.has(channel));
    await this.subscriptions.resume(new Map(others));
    for (const room of rooms) await this.membership.join(room, cursors[`rooms/${room}`]);
  }
}
