// The subscriptions of one socket of `/channels`: subscribe, unsubscribe, ack.
import type { z } from "zod";
import { channelOf, EVERYONE, parseChannel, START_OF } from "../../contract/channel-names.ts";
import { Failure } from "../../contract/errors.ts";
import type { Subscribed, subscribe } from "../../contract/subscribing.ts";
import { emitError } from "../../realtime/errors.ts";
import type { StartPosition } from "../../realtime/streams/start-position.ts";
import { type Subscription, subscribeSocket } from "../../realtime/streams/subscription.ts";
import type { AnySocket } from "../../realtime/types.ts";
import type { SessionResumption } from "../session-resumption.ts";
import { accessTo } from "./access.ts";
import type { ChannelsDependencies } from "./dependencies.ts";

/** What one socket hears. */
export interface Subscriptions {
  /** Asks for a channel. Rejects with `FORBIDDEN` where it is not this user's. */
  subscribe(asked: z.output<typeof subscribe>): Promise<Subscribed>;
  /** Asks for a channel no more; for notifications, also not for those to everyone. */
  unsubscribe(channel: string): void;
  /** Everything up to `offset` has been handled. */
  acknowledge(channel: string, offset: number): Promise<void>;
  /** Hears channels of its own without being asked: from the offset where another connection was cut, or from the cursor on. */
  add(channels: ReadonlyMap<string, number | undefined>): Promise<void>;
  /** Hears a room that is being joined, from now on or from where it was cut. */
  join(room: string, resumed: number | undefined): Promise<void>;
  /** Stops hearing a channel. */
  leave(channel: string): void;
  /** A run session that it waits for has an owner now. Never rejects. */
  registered(session: string, owner: string): Promise<void>;
  end(): void;
}

/** What is known of the socket elsewhere. */
export interface SubscriptionSurroundings {
  /** The rooms that it has joined. */
  joined: ReadonlySet<string>;
  resumption: SessionResumption;
  /** Asks to be told of the owner of a run session, or no more. */
  wait(session: string): void;
  forget(session: string): void;
}

/** Makes the subscriptions of one socket. */
export function createSubscriptions(
  socket: AnySocket,
  { joined, resumption, wait, forget }: SubscriptionSurroundings,
  { eventLog, streams, runSessions, limits }: ChannelsDependencies,
): Subscriptions {
  const { user, liveOnly } = socket.data.admission;
  const running = new Map<string, Subscription>();
  const pending = new Map<string, StartPosition>();

  function from(channel: string, since: number | undefined, epoch: string | undefined): StartPosition {
    if (liveOnly) return "head";
    if (since !== undefined) return { since, epoch };
    const kind = parseChannel(channel)?.kind ?? "notifications";
    return { cursor: true, otherwise: channel === EVERYONE ? "head" : START_OF[kind] };
  }

  /** Subscribes, and sends nothing yet. */
  async function start(channel: string, where: StartPosition): Promise<Subscription> {
    stop(channel);
    assertRoomForOneMore();
    await socket.join(channel); // for what emitters say there
    let subscription: Subscription | undefined;
    try {
      subscription = await subscribeSocket(socket, channel, where, user, streams);
      // From now on the user counts as one who hears what is said to everyone, also while away.
      if (channel === EVERYONE && subscription.start.isNew) {
        await eventLog.acknowledge(user, channel, subscription.start.position);
      }
      await resumption.keep(channel, subscription.start.position);
      if (!socket.connected) throw new Failure("SERVER_ERROR", "the connection is gone");
    } catch (error) {
      subscription?.end();
      stop(channel); // nor does it hear emitters there
      throw error;
    }
    running.set(channel, subscription);
    return subscription;
  }

  /** All of them, or none. */
  async function startAll(
    wanted: readonly (readonly [channel: string, where: StartPosition])[],
  ): Promise<Subscription[]> {
    const settled = await Promise.allSettled(wanted.map(([channel, where]) => start(channel, where)));
    const failed = settled.find((result) => result.status === "rejected");
    if (failed !== undefined) {
      for (const [channel] of wanted) stop(channel);
      throw failed.reason;
    }
    return settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  }

  /** Begins on the next turn of the event loop, so that the answer to the subscribe goes out first. */
  function begin(subscriptions: readonly Subscription[]): void {
    setImmediate(() => {
      for (const subscription of subscriptions) subscription.begin();
    });
  }

  function assertRoomForOneMore(): void {
    const { most } = limits.subscriptionsPerSocket;
    if (running.size + pending.size < most) return;
    throw new Failure("RATE_LIMIT", `at most ${most} subscriptions per connection`);
  }

  /** Hears it no more, and waits for it no more. */
  function stop(channel: string): void {
    running.get(channel)?.end();
    running.delete(channel);
    const name = parseChannel(channel);
    if (pending.delete(channel)) forget(name?.id ?? "");
    if (name?.kind !== "rooms" || !joined.has(name.id)) void socket.leave(channel);
  }

  async function ask(asked: z.output<typeof subscribe>): Promise<Subscribed> {
    const { channel, since, epoch } = asked;
    const { name, id } = channel;
    const already = running.get(name);
    // The documented raw clients subscribe again after each reconnect; what they resumed goes on.
    if (already !== undefined && since === undefined) {
      const offset = Math.max(already.start.head, already.position);
      return { channel: name, offset, recovered: true, replayed: offset - already.position };
    }
    const access = await accessTo(channel, socket.data.admission.identity, {
      hasJoined: (room) => joined.has(room),
      ownerOfSession: (session) => runSessions.owner(session),
    });
    if (access === "no") throw new Failure("FORBIDDEN", `channel: ${name} is not yours`);
    const where = from(name, since, epoch);
    if (access === "pending") {
      if (!pending.has(name)) assertRoomForOneMore();
      pending.set(name, where);
      wait(id);
      // Whoever registers it from now on tells of it; who has done so just before is seen here.
      if ((await runSessions.owner(id)) !== undefined) return ask(asked);
      return { channel: name, offset: 0, recovered: true, replayed: 0 };
    }
    const withEveryone = name === channelOf.notifications(user) && !running.has(EVERYONE);
    const all = await startAll([
      [name, where],
      ...(withEveryone ? [[EVERYONE, from(EVERYONE, undefined, undefined)] as const] : []),
    ]);
    begin(all);
    const { head = 0, recovered = true, replayed = 0 } = all[0]?.start ?? {};
    return { channel: name, offset: head, recovered, replayed };
  }

  async function registered(session: string, owner: string): Promise<void> {
    const name = channelOf.runResults(session);
    const where = pending.get(name);
    if (where === undefined || !socket.connected) return;
    if (owner !== user) {
      pending.delete(name);
      emitError(socket, new Failure("FORBIDDEN", `channel: ${name} is not yours`).body, { channel: name });
      return;
    }
    try {
      begin([await start(name, where)]);
    } catch {
      if (!socket.connected) return;
      pending.set(name, where); // the database is away now; it is asked again
      wait(session);
    }
  }

  function leave(channel: string): void {
    stop(channel);
    resumption.drop(channel);
  }

  return {
    subscribe: ask,
    unsubscribe(channel) {
      leave(channel);
      if (channel === channelOf.notifications(user)) leave(EVERYONE);
    },
    async acknowledge(channel, offset) {
      if (!running.has(channel)) throw new Failure("FORBIDDEN", `channel: ${channel} is not subscribed`);
      resumption.acknowledged(channel, offset);
      if (!liveOnly) await eventLog.acknowledge(user, channel, offset);
    },
    async add(channels) {
      const wanted = [...channels].filter(([channel]) => !running.has(channel));
      begin(await startAll(wanted.map(([channel, resumed]) => [channel, from(channel, resumed, undefined)])));
    },
    async join(room, resumed) {
      const channel = channelOf.room(room);
      if (running.has(channel)) return;
      begin([await start(channel, resumed === undefined ? "head" : from(channel, resumed, undefined))]);
    },
    leave,
    registered,
    end() {
      for (const channel of [...running.keys(), ...pending.keys()]) stop(channel);
    },
  };
}
