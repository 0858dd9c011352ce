// The `/dashboard` namespace: a learner's progress and quizzes, to the newest connection.
import { z } from "zod";
import { CLOSE } from "../connection/close-codes.ts";
import { channelOf, roomOf } from "../contract/channel-names.ts";
import { dashboard, type Snapshot } from "../contract/dashboard.ts";
import { Failure } from "../contract/errors.ts";
import { parse } from "../contract/parse.ts";
import { rfc3339 } from "../contract/time.ts";
import type { EventLog } from "../event-log/event-log.ts";
import { actions } from "../realtime/actions.ts";
import { closeFaulty, closeSocket } from "../realtime/closing.ts";
import { type Ending, onEnd } from "../realtime/endings.ts";
import { refresh } from "../realtime/expiry.ts";
import { initSocket, type SocketDependencies } from "../realtime/init-socket.ts";
import type { StartPosition } from "../realtime/streams/start-position.ts";
import { type Subscription, type SubscriptionDependencies, subscribeSocket } from "../realtime/streams/subscription.ts";
import type { AnySocket, DashboardNamespace, DashboardSocket } from "../realtime/types.ts";
import type { Services } from "../services/services.ts";
import type { SessionResumption, SessionResumptions } from "./session-resumption.ts";

/** What the namespace works with. */
export interface DashboardDependencies extends SocketDependencies {
  eventLog: EventLog;
  streams: SubscriptionDependencies;
  dashboard: Services["dashboard"];
  resumptions: SessionResumptions;
}

const ACTIONS = actions<typeof dashboard, DashboardConnection>(dashboard, {
  ping: () => ({ timestamp: rfc3339(new Date()) }),
  snapshot: (_nothing, connection) => connection.snapshot(),
  async ack({ channel, offset }, connection) {
    await connection.acknowledge(channel.name, offset);
    return {};
  },
  refresh_token: refresh,
});

const resumeFrom = z.object({
  since: z.int().nonnegative().optional(),
  epoch: z.string().min(1).max(64).optional(),
});

/** Throws INVALID_MESSAGE for a handshake whose `since` or `epoch` makes no sense; goes before the admission, so that no slot is lost. */
export function checkResume({ handshake }: AnySocket): void {
  if (resumeFrom.safeParse(handshake.auth).success) return;
  throw new Failure("INVALID_MESSAGE", "since must be a whole number of at least 0, epoch a string");
}

/** Serves the namespace. */
export function serveDashboard(namespace: DashboardNamespace, dependencies: DashboardDependencies): void {
  namespace.on("connection", (socket) => new DashboardConnection(socket, dependencies).begin());
}

/** One connection: active, and then it hears the user's channel, or silently waiting for its turn. */
class DashboardConnection implements Ending {
  readonly socket: DashboardSocket;
  readonly #dependencies: DashboardDependencies;
  readonly #user: string;
  readonly #channel: string;
  /** What the handshake says of where the client is. */
  readonly #asked: z.output<typeof resumeFrom>;
  readonly #resumption: SessionResumption;
  /** There while the connection is active. */
  #subscription: Subscription | undefined;
  /** How far a connection that lost its turn had got. */
  #sentUpTo: number | undefined;

  constructor(socket: DashboardSocket, dependencies: DashboardDependencies) {
    this.socket = socket;
    this.#dependencies = dependencies;
    this.#user = socket.data.admission.user;
    this.#channel = channelOf.dashboard(this.#user);
    this.#asked = parse(resumeFrom, socket.handshake.auth);
    this.#resumption = dependencies.resumptions.of(socket);
  }

  begin(): void {
    const { socket } = this;
    const ready = Promise.resolve().then(() => this.#start());
    const events = initSocket(socket, ACTIONS, this, this.#dependencies, ready);
    onEnd(socket, this);
    socket.data.admission.slot.onChange((state) => {
      if (state === "displaced") closeSocket(socket, { code: CLOSE.policy, reason: "replaced" });
      else events.inOrder(() => this.#followSlot().catch((error: unknown) => this.#failed(error)));
    });
  }

  ended(): void {
    this.#subscription?.end();
  }

  /** Everything that the dashboard shows. */
  snapshot(): Promise<Snapshot> {
    return this.#dependencies.dashboard.snapshot(this.#user);
  }

  /** The client has handled everything up to `offset`. Rejects with `FORBIDDEN` for another channel than the user's. */
  async acknowledge(channel: string, offset: number): Promise<void> {
    if (channel !== this.#channel) throw new Failure("FORBIDDEN", `channel ${channel} is not yours`);
    this.#resumption.acknowledged(channel, offset);
    await this.#dependencies.eventLog.acknowledge(this.#user, channel, offset);
  }

  async #start(): Promise<void> {
    const timestamp = rfc3339(new Date());
    const { epoch } = this.#dependencies.eventLog;
    const connected = { message: "连接成功" as const, userId: this.#user, timestamp, epoch };
    const subscription = await this.#subscribe();
    const { head, recovered } = subscription.start;
    const { since } = this.#asked;
    this.socket.emit("connected", since === undefined ? connected : { ...connected, offset: head, recovered });
    subscription.begin();
  }

  /** Subscribes to the channel from where it should; nothing is sent yet. */
  async #subscribe(): Promise<Subscription> {
    const { socket } = this;
    await socket.join(roomOf.user(this.#user));
    const { streams } = this.#dependencies;
    const subscription = await subscribeSocket(socket, this.#channel, await this.#startPosition(), this.#user, streams);
    if (!socket.connected) {
      subscription.end();
      throw new Failure("SERVER_ERROR", "the connection is gone");
    }
    this.#subscription = subscription;
    await this.#resumption.keep(this.#channel, subscription.start.position);
    return subscription;
  }

  /** A turn that comes again goes on where it was; a client says where it is, or another connection did for it. */
  async #startPosition(): Promise<StartPosition> {
    if (this.#sentUpTo !== undefined) return { since: this.#sentUpTo, epoch: undefined };
    if (this.#asked.since !== undefined) return { since: this.#asked.since, epoch: this.#asked.epoch };
    const since = (await this.#resumption.claim()).cursors[this.#channel];
    return since === undefined ? "head" : { since, epoch: undefined };
  }

  /** Gives up its turn, or takes it, as the slot is by now. */
  async #followSlot(): Promise<void> {
    const { state } = this.socket.data.admission.slot;
    if (state === "waiting" && this.#subscription !== undefined) {
      this.#sentUpTo = this.#subscription.position;
      this.#subscription.end();
      this.#subscription = undefined;
      await this.socket.leave(roomOf.user(this.#user));
    } else if (state === "active" && this.#subscription === undefined && this.socket.connected) {
      (await this.#subscribe()).begin();
    }
  }

  #failed(error: unknown): void {
    if (!this.socket.connected) return;
    this.#dependencies.logger.error({ err: error }, "a dashboard connection could not take its turn");
    closeFaulty(this.socket);
  }
}
