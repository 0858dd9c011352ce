// The `/channels` namespace: subscriptions, rooms, messages and presence of one user per socket.
import { roomOf } from "../../contract/channel-names.ts";
import { initSocket } from "../../realtime/init-socket.ts";
import type { AnyNamespace, AnySocket } from "../../realtime/types.ts";
import { ACTIONS } from "./actions.ts";
import type { ChannelsDependencies } from "./dependencies.ts";
import { createMembership, watchAbsences } from "./membership.ts";
import { ownChannels } from "./own-channels.ts";
import { createPendingSessions, type PendingSessions, type Waiter } from "./pending.ts";
import type { PresenceGrace } from "./presence-grace.ts";
import { createSubscriptions } from "./subscriptions.ts";

/** What the sockets of one node share. */
interface Shared {
  pending: PendingSessions;
  presenceGrace: PresenceGrace;
}

/** Serves the namespace. @returns lets go of what is still open */
export function serveChannels(namespace: AnyNamespace, dependencies: ChannelsDependencies): { close: () => void } {
  const { control, cluster, runSessions, times, onFault } = dependencies;
  const pending = createPendingSessions((session) => runSessions.owner(session), times.pendingEveryMs, onFault);
  const presenceGrace = watchAbsences(namespace, cluster, times.awayAfterMs, onFault);
  control.onSessionRegistered((session, owner) => pending.registered(session, owner));
  namespace.on("connection", (socket) => begin(socket, { pending, presenceGrace }, dependencies));
  return {
    close() {
      pending.close();
      presenceGrace.close();
    },
  };
}

function begin(socket: AnySocket, { pending, presenceGrace }: Shared, dependencies: ChannelsDependencies): void {
  const { cluster, eventLog, resumptions, onFault } = dependencies;
  const { user, identity } = socket.data.admission;
  const resumption = resumptions.of(socket);
  const joined = new Set<string>();
  const tell: Waiter = (session, owner) => inOrder(() => subscriptions.registered(session, owner));
  const wait = (session: string): void => pending.wait(session, tell);
  const forget = (session: string): void => pending.forget(session, tell);
  const subscriptions = createSubscriptions(socket, { joined, resumption, wait, forget }, dependencies);
  const membership = createMembership(socket, { joined, subscriptions, presenceGrace, resumption }, dependencies);
  const context = { socket, subscriptions, membership, dependencies };
  const inOrder = initSocket(socket, ACTIONS, context, dependencies, Promise.resolve().then(start));
  socket.once("disconnect", () => {
    subscriptions.end();
    membership.end();
    cluster.presence.leave("channels", user, socket.id).catch(onFault);
  });

  async function start(): Promise<void> {
    if (identity !== undefined) await socket.join(roomOf.user(user));
    socket.emit("connected", {
      message: "WebSocket connection established",
      userId: identity?.id ?? "",
      epoch: eventLog.epoch,
    });
    await Promise.all([comeOnline(), goOn()]);
  }

  async function comeOnline(): Promise<void> {
    await cluster.presence.enter("channels", user, socket.id);
    if (!socket.connected) await cluster.presence.leave("channels", user, socket.id);
  }

  /** Hears its own channels, and goes on with what the connection before it had. */
  async function goOn(): Promise<void> {
    const { rooms, cursors } = await resumption.claim();
    const resumed = Object.entries(cursors).filter(([channel]) => !channel.startsWith("rooms/"));
    await subscriptions.add(
      new Map([...ownChannels(socket.data.admission).map((own) => [own, cursors[own]] as const), ...resumed]),
    );
    for (const room of rooms) await membership.join(room, cursors[`rooms/${room}`]);
  }
}
