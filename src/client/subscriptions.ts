// What an application wants to hear: rooms and channels, established again on every connection.
import type { Subscribed } from "../contract/subscribing.ts";
import type { Core } from "./durable-handle.ts";
import { type ClasswireError, toClasswireError } from "./errors.ts";
import { channelOf } from "./names.ts";
import type { Stream } from "./stream.ts";

/** A room or channel that the server does not give any more. */
export interface Refused {
  channel: string;
  error: ClasswireError;
}

/** The rooms and channels that one handle wants. */
export interface Subscriptions {
  /** Subscribes now, or with the next connection; rejects, and wants it no more, when the server refuses. */
  subscribe(core: Core, channel: string): Promise<Subscribed>;
  /** Joins a room and subscribes to its channel, likewise. */
  join(core: Core, room: string): Promise<{ members: number }>;
  /** Asks for a channel from where its stream stands. */
  ask(core: Core, channel: string): Promise<Subscribed>;
  /** Wants a channel no more; true if it was wanted. */
  forget(core: Core, channel: string): boolean;
  /** True if the room had been joined. */
  leave(core: Core, room: string): boolean;
  /** Subscribes to everything that is wanted on a new connection. Rejects when the connection goes; → what the server refused. */
  restore(core: Core): Promise<Refused[]>;
}

/** Requests that go out at once after a connect, then one each {@link PACE_MS}: the server takes 50 in a second. */
const AT_ONCE = 50;
const PACE_MS = 25;
/** Refusals that another try would meet again. */
const FINAL: ReadonlySet<string> = new Set(["FORBIDDEN", "INVALID_MESSAGE", "NOT_FOUND"]);
/** Notifications to everyone come with the user's own. */
const EVERYONE = "notifications/:everyone";

/** Creates an empty list. `onUnrecovered` is told of a channel that could not be resumed after `since`. */
export function createSubscriptions(onUnrecovered: (channel: string, since: number) => void): Subscriptions {
  return new DesiredSubscriptions(onUnrecovered);
}

class DesiredSubscriptions implements Subscriptions {
  readonly #onUnrecovered: (channel: string, since: number) => void;
  readonly #rooms = new Map<string, { members: number } | undefined>();
  /** With the answer on this connection. */
  readonly #channels = new Map<string, Subscribed | undefined>();

  constructor(onUnrecovered: (channel: string, since: number) => void) {
    this.#onUnrecovered = onUnrecovered;
  }

  async ask(core: Core, channel: string): Promise<Subscribed> {
    const stream = await core.streams?.open(channel);
    const since = stream?.since;
    // The server has subscribed to own messages already, at a position that only a subscribe of one's own tells.
    if (since === undefined && channel.startsWith("messages/")) await core.session.ask("unsubscribe", { channel });
    const from = since === undefined ? {} : { since: since.offset, epoch: since.epoch };
    return core.session.ask<Subscribed>("subscribe", { channel, ...from }, (answer) => {
      stream?.startAfter(answer.offset - answer.replayed, { lost: !answer.recovered });
      if (!answer.recovered) this.#onUnrecovered(channel, since?.offset ?? 0);
      if (this.#channels.has(channel)) this.#channels.set(channel, answer);
    });
  }

  subscribe(core: Core, channel: string): Promise<Subscribed> {
    if (!this.#channels.has(channel)) this.#channels.set(channel, undefined);
    const subscribed = async () => this.#channels.get(channel) ?? this.ask(core, channel);
    return retryUntilRefused(core, `subscribe ${channel}`, subscribed, () => this.#channels.delete(channel));
  }

  join(core: Core, room: string): Promise<{ members: number }> {
    if (!this.#rooms.has(room)) this.#rooms.set(room, undefined);
    const joined = async () => this.#rooms.get(room) ?? this.#joinNow(core, room);
    return retryUntilRefused(core, `join_room ${room}`, joined, () => this.#rooms.delete(room));
  }

  forget(core: Core, channel: string): boolean {
    core.streams?.drop(channel);
    if (channel.startsWith("notifications/")) core.streams?.drop(EVERYONE);
    return this.#channels.delete(channel);
  }

  leave(core: Core, room: string): boolean {
    core.streams?.drop(channelOf.room(room));
    return this.#rooms.delete(room);
  }

  async restore(core: Core): Promise<Refused[]> {
    const refused: Refused[] = [];
    let asked = 0;
    const establish = async (channel: string, work: () => Promise<unknown>, forget: () => void): Promise<void> => {
      if (++asked > AT_ONCE) await new Promise((resolve) => setTimeout(resolve, PACE_MS));
      try {
        await work();
      } catch (error) {
        const reason = toClasswireError(error, "SERVER_ERROR");
        if (!FINAL.has(reason.code)) throw reason;
        forget();
        refused.push({ channel, error: reason });
      }
    };
    for (const room of this.#rooms.keys()) {
      const forget = () => this.#rooms.delete(room);
      await establish(channelOf.room(room), () => this.#joinNow(core, room), forget);
    }
    for (const channel of this.#channels.keys()) {
      const forget = () => this.#channels.delete(channel);
      await establish(channel, () => this.ask(core, channel), forget);
    }
    for (const [channel] of (core.streams?.entries() ?? []).filter((entry) => this.#isImplicit(entry))) {
      const forget = () => core.streams?.drop(channel);
      await establish(channel, () => this.ask(core, channel), forget);
    }
    return refused;
  }

  async #joinNow(core: Core, room: string): Promise<{ members: number }> {
    const joined = await core.session.ask<{ members: number }>("join_room", { room });
    await this.ask(core, channelOf.room(room));
    if (this.#rooms.has(room)) this.#rooms.set(room, joined);
    return joined;
  }

  /** Open streams that nobody subscribed to by name (own messages, notifications to everyone) and that have begun. */
  #isImplicit([channel, stream]: [string, Stream]): boolean {
    return stream.since !== undefined && !this.#channels.has(channel) && !channel.startsWith("rooms/");
  }
}

/** Does `work` on the connection there is, or on the next one; after a refusal it is wanted no more. */
async function retryUntilRefused<Value>(
  core: Core,
  what: string,
  work: () => Promise<Value>,
  forget: () => void,
): Promise<Value> {
  for (;;) {
    try {
      await core.session.ready(what);
      return await work();
    } catch (error) {
      const { code } = toClasswireError(error, "SERVER_ERROR");
      if (code === "DISCONNECTED" || (code === "TIMEOUT" && core.session.state !== "connected")) continue;
      forget();
      throw error;
    }
  }
}
