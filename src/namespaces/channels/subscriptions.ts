// The subscriptions of one socket of `/channels`: subscribe, unsubscribe, ack.
import type { z } from "zod";
import type { LazySet } from "../../connection/lazy-set.ts";
import { type ChannelName, channelOf, EVERYONE, parseChannel, START_OF } from "../../contract/channel-names.ts";
import { Failure } from "../../contract/errors.ts";
import type { Subscribed, subscribe } from "../../contract/subscribing.ts";
import { errorPayload } from "../../realtime/errors.ts";
import type { StartPosition } from "../../realtime/streams/start-position.ts";
import { type Subscription, subscribeSocket } from "../../realtime/streams/subscription.ts";
import type { ChannelsSocket } from "../../realtime/types.ts";
import type { SessionResumption } from "../session-resumption.ts";
import { type Access, accessTo } from "./access.ts";
import type { ChannelsDependencies } from "./dependencies.ts";

/** What is known of the socket elsewhere. */
export interface SubscriptionSurroundings {
  /** The rooms that it has joined. */
  readonly joined: Pick<LazySet<string>, "has">;
  readonly resumption: SessionResumption;
  /** Asks to be told of the owner of a run session. */
  wait(session: string): void;
  /** Asks no more. */
  stopWaiting(session: string): void;
}

type Dependencies = Pick<ChannelsDependencies, "eventLog" | "streams" | "runSessions" | "limits">;
type Asked = z.output<typeof subscribe>;

/** What one socket hears: running subscriptions, and those that wait for the owner of a run session. */
export class Subscriptions {
  readonly #socket: ChannelsSocket;
  readonly #surroundings: SubscriptionSurroundings;
  readonly #dependencies: Dependencies;
  readonly #running = new Map<string, Subscription>();
  #pending: Map<string, StartPosition> | undefined;

  constructor(socket: ChannelsSocket, surroundings: SubscriptionSurroundings, dependencies: Dependencies) {
    this.#socket = socket;
    this.#surroundings = surroundings;
    this.#dependencies = dependencies;
  }

  /** Asks for a channel. Rejects with `FORBIDDEN` where it is not this user's. */
  async subscribe(asked: Asked): Promise<Subscribed> {
    const { name } = asked.channel;
    const running = this.#running.get(name);
    // The documented raw clients subscribe again after each reconnect; what was resumed goes on.
    if (running !== undefined && asked.since === undefined) {
      const offset = Math.max(running.start.head, running.position);
      return { channel: name, offset, recovered: true, replayed: offset - running.position };
    }
    const access = await this.#accessTo(asked.channel);
    if (access === "no") throw forbidden(name);
    const from = this.#startPosition(name, asked.since, asked.epoch);
    if (access === "pending") return this.#waitForOwner(asked, from);
    const withEveryone = name === channelOf.notifications(this.#user) && !this.#running.has(EVERYONE);
    const all = await this.#startAll([
      [name, from],
      ...(withEveryone ? [[EVERYONE, this.#startPosition(EVERYONE, undefined, undefined)] as const] : []),
    ]);
    begin(all);
    const { head = 0, recovered = true, replayed = 0 } = all[0]?.start ?? {};
    return { channel: name, offset: head, recovered, replayed };
  }

  /** Asks for a channel no more; for notifications, also not for those to everyone. */
  unsubscribe(channel: string): void {
    this.leave(channel);
    if (channel === channelOf.notifications(this.#user)) this.leave(EVERYONE);
  }

  /** The client has handled everything up to `offset`. Rejects with `FORBIDDEN` for a channel that is not subscribed. */
  async acknowledge(channel: string, offset: number): Promise<void> {
    if (!this.#running.has(channel)) throw new Failure("FORBIDDEN", `channel ${channel} is not subscribed`);
    this.#surroundings.resumption.acknowledged(channel, offset);
    if (!this.#liveOnly) await this.#dependencies.eventLog.acknowledge(this.#user, channel, offset);
  }

  /** Hears channels of its own without being asked: from the offset where another connection was cut, or from the cursor on. */
  async add(channels: ReadonlyMap<string, number | undefined>): Promise<void> {
    const wanted = [...channels].filter(([channel]) => !this.#running.has(channel));
    begin(
      await this.#startAll(
        wanted.map(([channel, since]) => [channel, this.#startPosition(channel, since, undefined)] as const),
      ),
    );
  }

  /**
   * Goes on with what another connection of the user heard: from the offset where that was cut. Its token may have allowed more
   * than this one: what it does not is given up, and the client is told.
   */
  async resume(cursors: ReadonlyMap<string, number>): Promise<void> {
    const accesses = await Promise.all([...cursors.keys()].map((name) => this.#accessToName(name)));
    const allowed = new Map([...cursors].filter((_cursor, index) => accesses[index] === "yes"));
    for (const name of cursors.keys()) if (!allowed.has(name)) this.#withdraw(name);
    await this.add(allowed);
  }

  /** The user may hear less now, of all channels or of these: ends what is not allowed, and tells the client. Never rejects. */
  async recheck(names: Iterable<string> = this.#running.keys()): Promise<void> {
    const check = async (name: string): Promise<void> => {
      // What cannot be asked now is not known to be allowed.
      const access = await this.#accessToName(name).catch(() => "no");
      if (access !== "yes" && this.#running.has(name)) this.#withdraw(name);
    };
    await Promise.all([...names].map(check));
  }

  /** Hears a room that is being joined, from now on or from the offset `since`, where another connection was cut. */
  async join(room: string, since: number | undefined): Promise<void> {
    const channel = channelOf.room(room);
    if (this.#running.has(channel)) return;
    const from = since === undefined ? "head" : this.#startPosition(channel, since, undefined);
    begin([await this.#start(channel, from)]);
  }

  /** Stops hearing a channel. */
  leave(channel: string): void {
    this.#stop(channel);
    this.#surroundings.resumption.drop(channel);
  }

  /** A run session that it waits for has an owner now. Never rejects. */
  async registered(session: string, owner: string): Promise<void> {
    const channel = channelOf.runResults(session);
    const from = this.#pending?.get(channel);
    if (from === undefined || !this.#socket.connected) return;
    if (owner !== this.#user) {
      this.#withdraw(channel);
      return;
    }
    try {
      begin([await this.#start(channel, from)]);
    } catch {
      if (!this.#socket.connected) return;
      this.#waitingFor.set(channel, from); // the database is away now; it is asked again
      this.#surroundings.wait(session);
    }
  }

  /** The connection is gone. */
  end(): void {
    for (const channel of [...this.#running.keys(), ...(this.#pending?.keys() ?? [])]) this.#stop(channel);
  }

  get #user(): string {
    return this.#socket.data.admission.user;
  }

  /** Channels whose session has no owner yet, and where they will begin. */
  get #waitingFor(): Map<string, StartPosition> {
    this.#pending ??= new Map();
    return this.#pending;
  }

  get #liveOnly(): boolean {
    return this.#socket.data.admission.liveOnly;
  }

  #accessTo(channel: ChannelName): Promise<Access> {
    return accessTo(channel, this.#socket.data.admission.identity, {
      hasJoined: (room) => this.#surroundings.joined.has(room),
      ownerOfSession: (session) => this.#dependencies.runSessions.owner(session),
    });
  }

  async #accessToName(name: string): Promise<Access> {
    const channel = parseChannel(name);
    return channel === undefined ? "no" : this.#accessTo(channel);
  }

  /** Ends a subscription that is not the user's, and says so. */
  #withdraw(channel: string): void {
    this.leave(channel);
    this.#socket.emit("error", errorPayload(forbidden(channel).body, { channel }));
  }

  #startPosition(channel: string, since: number | undefined, epoch: string | undefined): StartPosition {
    if (this.#liveOnly) return "head";
    if (since !== undefined) return { since, epoch };
    const kind = parseChannel(channel)?.kind ?? "notifications";
    return { cursor: true, otherwise: channel === EVERYONE ? "head" : START_OF[kind] };
  }

  /** Waits until somebody registers the run session. */
  async #waitForOwner(asked: Asked, from: StartPosition): Promise<Subscribed> {
    const { name, id } = asked.channel;
    if (!this.#waitingFor.has(name)) this.#assertRoomForOneMore();
    this.#waitingFor.set(name, from);
    this.#surroundings.wait(id);
    // Whoever registers it from now on tells of it; who has done so just before is seen here.
    if ((await this.#dependencies.runSessions.owner(id)) !== undefined) return this.subscribe(asked);
    // Where it will begin: the first event is the next one to the client.
    const { oldest } = await this.#dependencies.streams.boundsOf(name);
    return { channel: name, offset: oldest - 1, recovered: true, replayed: 0 };
  }

  /** Subscribes, and sends nothing yet. */
  async #start(channel: string, from: StartPosition): Promise<Subscription> {
    this.#stop(channel);
    this.#assertRoomForOneMore();
    const socket = this.#socket;
    const { eventLog, streams } = this.#dependencies;
    await socket.join(channel); // for what emitters say there
    let subscription: Subscription | undefined;
    try {
      subscription = await subscribeSocket(socket, channel, from, this.#user, streams);
      const { position, isNew } = subscription.start;
      // From now on the user counts as one who hears what is said to everyone, also while away.
      if (channel === EVERYONE && isNew) await eventLog.acknowledge(this.#user, channel, position);
      await this.#surroundings.resumption.keep(channel, position);
      if (!socket.connected) throw new Failure("SERVER_ERROR", "the connection is gone");
    } catch (error) {
      subscription?.end();
      this.#stop(channel); // nor does it hear emitters there
      throw error;
    }
    this.#running.set(channel, subscription);
    return subscription;
  }

  /** All of them, or none. */
  async #startAll(wanted: readonly (readonly [channel: string, from: StartPosition])[]): Promise<Subscription[]> {
    const settled = await Promise.allSettled(wanted.map(([channel, from]) => this.#start(channel, from)));
    const failed = settled.find((result) => result.status === "rejected");
    if (failed !== undefined) {
      for (const [channel] of wanted) this.#stop(channel);
      throw failed.reason;
    }
    return settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  }

  #assertRoomForOneMore(): void {
    const { most } = this.#dependencies.limits.subscriptionsPerSocket;
    if (this.#running.size + (this.#pending?.size ?? 0) < most) return;
    throw new Failure("RATE_LIMIT", `at most ${most} subscriptions per connection`);
  }

  /** Hears it no more, and waits for it no more. */
  #stop(channel: string): void {
    this.#running.get(channel)?.end();
    this.#running.delete(channel);
    const name = parseChannel(channel);
    const { joined } = this.#surroundings;
    if (this.#pending?.delete(channel)) this.#surroundings.stopWaiting(name?.id ?? "");
    if (name?.kind !== "rooms" || !joined.has(name.id)) void this.#socket.leave(channel);
  }
}

/** Begins on the next turn of the event loop, so that the answer to the subscribe goes out first. */
function begin(subscriptions: readonly Subscription[]): void {
  setImmediate(() => {
    for (const subscription of subscriptions) subscription.begin();
  });
}

function forbidden(channel: string): Failure {
  return new Failure("FORBIDDEN", `channel ${channel} is not yours`);
}
