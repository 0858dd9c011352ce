// The subscriptions of one socket of `/channels`: subscribe, unsubscribe, ack.
import type { z } from "zod";
import { channelOf, EVERYONE, parseChannel, START_OF } from "../../contract/channels.ts";
import { acknowledge, type Subscribed, subscribe, unsubscribe } from "../../contract/channels-namespace.ts";
import { Failure } from "../../contract/errors.ts";
import { emitError } from "../../realtime/errors.ts";
import { type Action, action } from "../../realtime/handler.ts";
import { type From, type Subscription, subscribeSocket } from "../../realtime/streams/subscription.ts";
import type { AnySocket } from "../../realtime/types.ts";
import type { Heir } from "../inheritance.ts";
import { accessTo } from "./access.ts";
import type { ChannelsDependencies } from "./dependencies.ts";

/** What one socket hears. */
export interface Subscriptions {
  readonly actions: Record<"subscribe" | "unsubscribe" | "ack", Action>;
  /** Hears a channel of its own without being asked, from the cursor on. */
  add(channel: string, inherited: number | undefined): Promise<void>;
  /** Hears a room that was just joined, from now on or from where it was cut. */
  join(room: string, inherited: number | undefined): Promise<void>;
  /** Stops hearing a channel. */
  leave(channel: string): void;
  /** The run session has an owner now. */
  registered(session: string, owner: string): void;
  end(): void;
}

/** Makes the subscriptions of one socket. */
export function createSubscriptions(socket: AnySocket, heir: Heir, dependencies: ChannelsDependencies): Subscriptions {
  const { events, streams, runSessions, limits } = dependencies;
  const { identity, user, liveOnly } = socket.data.admission;
  const running = new Map<string, Subscription>();
  const pending = new Map<string, From>();
  let timer: NodeJS.Timeout | undefined;

  /** A registration that this node was not told of is found in the database. */
  function askAgain(): void {
    if (pending.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    for (const name of pending.keys()) {
      const session = parseChannel(name)?.id ?? "";
      runSessions
        .owner(session)
        .then((owner) => owner !== undefined && registered(session, owner), dependencies.onFault);
    }
  }

  function from(asked: z.output<typeof subscribe>): From {
    const { channel, since, epoch } = asked;
    if (liveOnly) return "head";
    if (since !== undefined) return { since, epoch };
    return { cursor: true, otherwise: START_OF[channel.kind] };
  }

  async function start(channel: string, where: From): Promise<Subscription> {
    running.get(channel)?.end();
    if (!running.has(channel) && running.size >= limits.subscriptionsPerSocket.most) {
      throw new Failure("RATE_LIMIT", `at most ${limits.subscriptionsPerSocket.most} subscriptions per connection`);
    }
    await socket.join(channel);
    const subscription = await subscribeSocket(socket, channel, where, user, streams);
    if (!socket.connected) subscription.end();
    else {
      running.set(channel, subscription);
      await heir.keep(channel, subscription.start);
    }
    return subscription;
  }

  /** Begins on the next turn, so that the answer to the subscribe goes out first. */
  function begin(subscription: Subscription): void {
    setImmediate(() => subscription.begin());
  }

  async function onSubscribe(asked: z.output<typeof subscribe>): Promise<Subscribed> {
    const { name } = asked.channel;
    const already = running.get(name);
    // The documented raw clients subscribe again after each reconnect; what they inherited goes on.
    if (already !== undefined && asked.since === undefined) {
      return { channel: name, offset: already.offset, recovered: true, replayed: 0 };
    }
    const access = await accessTo(asked.channel, identity, {
      hasJoined: (room) => socket.rooms.has(channelOf.room(room)),
      ownerOfSession: (session) => runSessions.owner(session),
    });
    if (access === "no") throw new Failure("FORBIDDEN", `channel: ${name} is not yours`);
    if (access === "pending") {
      if (pending.size >= limits.subscriptionsPerSocket.most) throw new Failure("RATE_LIMIT");
      pending.set(name, from(asked));
      timer ??= setInterval(askAgain, PENDING_MS);
      return { channel: name, offset: 0, recovered: true, replayed: 0 };
    }
    const subscription = await start(name, from(asked));
    begin(subscription);
    if (asked.channel.kind === "notifications") await add(EVERYONE, undefined);
    const { offset, recovered, replayed } = subscription;
    return { channel: name, offset, recovered, replayed };
  }

  function leave(name: string): void {
    running.get(name)?.end();
    running.delete(name);
    pending.delete(name);
    heir.drop(name);
    void socket.leave(name);
  }

  function registered(session: string, owner: string): void {
    const name = channelOf.runResults(session);
    const where = pending.get(name);
    if (where === undefined) return;
    pending.delete(name);
    if (owner === user) start(name, where).then(begin, dependencies.onFault);
    else emitError(socket, new Failure("FORBIDDEN").body, { channel: name });
  }

  async function add(channel: string, inherited: number | undefined): Promise<void> {
    if (running.has(channel)) return;
    const kind = parseChannel(channel)?.kind ?? "notifications";
    const otherwise = channel === EVERYONE ? "head" : START_OF[kind];
    const where: From = liveOnly
      ? "head"
      : inherited === undefined
        ? { cursor: true, otherwise }
        : { since: inherited, epoch: undefined };
    const subscription = await start(channel, where);
    // From now on the user counts as one who hears what is said to everyone, also while away.
    if (channel === EVERYONE && !liveOnly) await events.acknowledge(user, channel, subscription.start);
    begin(subscription);
  }

  return {
    actions: {
      subscribe: action(subscribe, onSubscribe),
      unsubscribe: action(unsubscribe, ({ channel }) => {
        leave(channel.name);
        if (channel.kind === "notifications") leave(EVERYONE);
        return { channel: channel.name };
      }),
      ack: action(acknowledge, async ({ channel, offset }) => {
        if (!running.has(channel.name)) throw new Failure("FORBIDDEN", `channel: ${channel.name} is not subscribed`);
        heir.acknowledged(channel.name, offset);
        if (!liveOnly) await events.acknowledge(user, channel.name, offset);
        return {};
      }),
    },
    add,
    async join(room, inherited) {
      const where: From = inherited === undefined ? "head" : { since: inherited, epoch: undefined };
      begin(await start(channelOf.room(room), where));
    },
    leave,
    registered,
    end() {
      clearInterval(timer);
      for (const subscription of running.values()) subscription.end();
      running.clear();
      pending.clear();
    },
  };
}

/** How often the owner of a pending run session is asked for. */
const PENDING_MS = 2000;

/** The channels that a socket hears by itself: its own of the kinds that its dialect knows. */
export function ownChannels(socket: AnySocket): string[] {
  const { identity, traits } = socket.data.admission;
  if (identity === undefined) return traits.subscribes.includes("notifications") ? [EVERYONE] : [];
  return traits.subscribes.flatMap((kind) => {
    if (kind === "notifications") return [channelOf.notifications(identity.id), EVERYONE];
    return kind === "messages" ? [channelOf.messages(identity.id)] : [];
  });
}
