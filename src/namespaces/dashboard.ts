// The `/dashboard` namespace: a learner's progress and quizzes, to the newest connection.
import { z } from "zod";
import { CLOSE } from "../connection/traits.ts";
import { channelOf, roomOf } from "../contract/channel-names.ts";
import type { Snapshot } from "../contract/dashboard.ts";
import { Failure } from "../contract/errors.ts";
import { parse } from "../contract/parse.ts";
import { acknowledge } from "../contract/subscribing.ts";
import { rfc3339 } from "../contract/time.ts";
import type { Log } from "../event-log/event-log.ts";
import { closeFaulty, closeSocket } from "../realtime/closing.ts";
import { connectError } from "../realtime/errors.ts";
import { refresh } from "../realtime/expiry.ts";
import { type Actions, action, nothing } from "../realtime/handler.ts";
import { initSocket, type SocketDependencies } from "../realtime/init-socket.ts";
import type { StartPosition } from "../realtime/streams/start-position.ts";
import { type Subscription, type SubscriptionDependencies, subscribeSocket } from "../realtime/streams/subscription.ts";
import type { AnyNamespace, AnySocket } from "../realtime/types.ts";
import type { Services } from "../services/services.ts";
import type { SessionResumptions } from "./session-resumption.ts";

/** What the namespace works with. */
export interface DashboardDependencies extends SocketDependencies {
  eventLog: Log;
  streams: SubscriptionDependencies;
  dashboard: Services["dashboard"];
  resumptions: SessionResumptions;
}

/** What the events of one dashboard work with. */
interface Dashboard {
  socket: AnySocket;
  snapshot: () => Promise<Snapshot>;
  acknowledge: (channel: string, offset: number) => Promise<void>;
}

const ACTIONS: Actions<Dashboard> = {
  ping: action(nothing, () => ({ timestamp: rfc3339(new Date()) })),
  snapshot: action(nothing, (_payload, { snapshot }) => snapshot()),
  ack: action(acknowledge, async ({ channel, offset }, dashboard) => {
    await dashboard.acknowledge(channel.name, offset);
    return {};
  }),
  refresh_token: refresh,
};

const resumeFrom = z.object({
  since: z.int().nonnegative().optional(),
  epoch: z.string().min(1).max(64).optional(),
});

/** Refuses a handshake whose `since` or `epoch` makes no sense; goes before the admission, so that no slot is lost. */
export function checkResume(namespace: AnyNamespace): void {
  namespace.use((socket, next) => {
    const asked = resumeFrom.safeParse(socket.handshake.auth);
    next(
      asked.success
        ? undefined
        : connectError("INVALID_MESSAGE", "since: a whole number of at least 0; epoch: a string"),
    );
  });
}

/** Serves the namespace. */
export function serveDashboard(namespace: AnyNamespace, dependencies: DashboardDependencies): void {
  namespace.on("connection", (socket) => begin(socket, dependencies));
}

function begin(socket: AnySocket, dependencies: DashboardDependencies): void {
  const { eventLog, streams, resumptions } = dependencies;
  const { user, slot } = socket.data.admission;
  const channel = channelOf.dashboard(user);
  const asked = parse(resumeFrom, socket.handshake.auth);
  const resumption = resumptions.of(socket);
  let running: Subscription | undefined;
  let sent: number | undefined; // how far a connection that lost its turn had got

  const context: Dashboard = {
    socket,
    snapshot: () => dependencies.dashboard.snapshot(user),
    async acknowledge(name, offset) {
      if (name !== channel) throw new Failure("FORBIDDEN", `channel: ${name} is not yours`);
      resumption.acknowledged(name, offset);
      await eventLog.acknowledge(user, name, offset);
    },
  };
  const inOrder = initSocket(socket, ACTIONS, context, dependencies, Promise.resolve().then(start));
  socket.once("disconnect", () => running?.end());
  slot.onChange((state) => {
    if (state === "displaced") closeSocket(socket, { code: CLOSE.policy, reason: "replaced" });
    else inOrder(() => follow().catch(failed));
  });

  function failed(error: unknown): void {
    if (!socket.connected) return;
    dependencies.logger.error({ err: error }, "a dashboard connection could not take its turn");
    closeFaulty(socket);
  }

  /** Hears the channel from where it should; the answer says what follows. */
  async function goLive(): Promise<Subscription> {
    await socket.join(roomOf.user(user));
    const subscription = await subscribeSocket(socket, channel, await whereFrom(), user, streams);
    if (!socket.connected) {
      subscription.end();
      throw new Failure("SERVER_ERROR", "the connection is gone");
    }
    running = subscription;
    await resumption.keep(channel, subscription.start.position);
    return subscription;
  }

  /** A turn that comes again goes on where it was; a client says where it is, or another connection did for it. */
  async function whereFrom(): Promise<StartPosition> {
    if (sent !== undefined) return { since: sent, epoch: undefined };
    if (asked.since !== undefined) return { since: asked.since, epoch: asked.epoch };
    const since = (await resumption.claim()).cursors[channel];
    return since === undefined ? "head" : { since, epoch: undefined };
  }

  async function start(): Promise<void> {
    const connected = { message: "连接成功", userId: user, timestamp: rfc3339(new Date()), epoch: eventLog.epoch };
    const subscription = await goLive();
    const { head, recovered } = subscription.start;
    socket.emit("connected", asked.since === undefined ? connected : { ...connected, offset: head, recovered });
    subscription.begin();
  }

  /** Gives up its turn, or takes it, as the slot is by now. */
  async function follow(): Promise<void> {
    if (slot.state === "waiting" && running !== undefined) {
      sent = running.position;
      running.end();
      running = undefined;
      await socket.leave(roomOf.user(user));
    } else if (slot.state === "active" && running === undefined && socket.connected) {
      (await goLive()).begin();
    }
  }
}
