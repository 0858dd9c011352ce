// The `/channels` namespace: subscriptions, rooms, messages and presence of one user per socket.
import { z } from "zod";
import { roomOf } from "../../contract/channels.ts";
import { enter } from "../../realtime/entry.ts";
import { action } from "../../realtime/handler.ts";
import type { AnyNamespace, AnySocket } from "../../realtime/types.ts";
import type { ChannelsDependencies } from "./dependencies.ts";
import { createMembership, watchDeadNodes } from "./membership.ts";
import { messageActions } from "./messages.ts";
import { createSubscriptions, ownChannels, type Subscriptions } from "./subscriptions.ts";

/** Serves the namespace. */
export function serveChannels(namespace: AnyNamespace, dependencies: ChannelsDependencies): void {
  const all = new Map<string, Subscriptions>();
  dependencies.control.onSessionRegistered((session, owner) => {
    for (const subscriptions of all.values()) subscriptions.registered(session, owner);
  });
  watchDeadNodes(namespace, dependencies.cluster);
  namespace.on("connection", (socket) => begin(socket, all, dependencies));
}

function begin(socket: AnySocket, all: Map<string, Subscriptions>, dependencies: ChannelsDependencies): void {
  const { cluster, events, inheritance, onFault } = dependencies;
  const { user, identity } = socket.data.admission;
  const heir = inheritance.of(socket);
  const subscriptions = createSubscriptions(socket, heir, dependencies);
  const membership = createMembership(socket, subscriptions, heir, dependencies);
  all.set(socket.id, subscriptions);
  enter(
    socket,
    {
      ...subscriptions.actions,
      ...membership.actions,
      ...messageActions(socket, membership, dependencies),
      heartbeat: action(z.unknown(), () => ({ timestamp: Date.now() })),
    },
    dependencies,
    Promise.resolve().then(start),
  );
  socket.once("disconnect", () => {
    all.delete(socket.id);
    subscriptions.end();
    membership.end();
    cluster.presence.leave("channels", user, socket.id).catch(onFault);
  });

  async function start(): Promise<void> {
    if (identity !== undefined) await socket.join(roomOf.user(user));
    socket.emit("connected", {
      message: "WebSocket connection established",
      userId: identity?.id ?? "",
      epoch: events.epoch,
    });
    await cluster.presence.enter("channels", user, socket.id);
    if (!socket.connected) await cluster.presence.leave("channels", user, socket.id);

    const { rooms, cursors } = await heir.claim();
    for (const channel of ownChannels(socket)) await subscriptions.add(channel, cursors[channel]);
    for (const room of rooms) await membership.rejoin(room, cursors[`rooms/${room}`]);
    for (const [channel, offset] of Object.entries(cursors)) {
      if (!channel.startsWith("rooms/")) await subscriptions.add(channel, offset);
    }
  }
}
