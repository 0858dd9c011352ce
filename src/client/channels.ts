// The handle of `/channels`: subscriptions, rooms and messages that outlive their connections.
import type { ChannelsServerEvents } from "../contract/channels.ts";
import type { MessageBody } from "../contract/messaging.ts";
import type { Subscribed } from "../contract/subscribing.ts";
import { Acks } from "./acks.ts";
import { type Core, createCore } from "./durable-handle.ts";
import { ClasswireError, errorFromWire, toClasswireError } from "./errors.ts";
import type { ArgumentsOf, Listener } from "./events.ts";
import type { LifecycleEvents, State } from "./lifecycle.ts";
import { createMessages, type MessageOptions } from "./messages.ts";
import { channelOf } from "./names.ts";
import type { Context } from "./options.ts";
import { createSubscriptions } from "./subscriptions.ts";
import type { Ending, Opened } from "./succession.ts";

/** Events of the channels, with their arguments. */
export type ChannelsEvents = ArgumentsOf<ChannelsServerEvents & LifecycleEvents>;

/** One user's channels. */
export interface ChannelsClient {
  readonly state: State;
  /**
   * Adds a listener; returns how to take it away. Durable events wait for what their listeners return.
   * @example
   * channels.on("room_message", ({ room, from, text }) => console.log(`${from} in ${room}: ${text}`));
   * channels.on("unrecovered", ({ channel, since }) => console.log(`${channel}: something after #${since} is gone`));
   */
  on<Event extends keyof ChannelsEvents>(event: Event, listener: Listener<ChannelsEvents[Event]>): () => void;
  /**
   * Hears a channel from where it was left, now and after every reconnect. Rejects when the server refuses it.
   * @example
   * const { offset, recovered } = await channels.subscribe("run-results/run-1");
   * console.log(recovered ? `nothing missing up to #${offset}` : "load the state anew");
   */
  subscribe(channel: string): Promise<Subscribed>;
  /**
   * Ends a subscription, for later connections too.
   * @example
   * await channels.unsubscribe("run-results/run-1");
   */
  unsubscribe(channel: string): Promise<void>;
  /**
   * The user's own notifications, and those to everyone.
   * @example
   * channels.on("notifications", ({ data }) => console.log(data.title, data.message));
   * await channels.subscribeNotifications();
   */
  subscribeNotifications(): Promise<Subscribed>;
  /**
   * The results of a run session.
   * @example
   * channels.on("run-results", ({ data }) => console.log(data.stdout, data.exitCode));
   * await channels.subscribeRunResults("run-1");
   */
  subscribeRunResults(session: string): Promise<Subscribed>;
  /**
   * Joins a room and hears its messages, now and after every reconnect; → how many are in it.
   * @example
   * const { members } = await channels.joinRoom("class-7");
   * console.log(`${members} in the room`);
   */
  joinRoom(room: string): Promise<{ members: number }>;
  /**
   * Leaves a room, for later connections too.
   * @example
   * await channels.leaveRoom("class-7");
   */
  leaveRoom(room: string): Promise<void>;
  /**
   * To a room that was joined. It comes back as `room_message` too. Where no answer came, it is sent again with the same id
   * (five times in all), and kept once; with an `id` of your own, also when you send it again after a reload. Rejects after one
   * wait where there is no connection in the first place. What follows may overtake what the server was too busy to take.
   * @example
   * const { offset } = await channels.sendToRoom("class-7", { text: "Who has finished?" });
   * console.log(`kept as #${offset}`);
   */
  sendToRoom(
    room: string,
    body: MessageBody,
    options?: MessageOptions,
  ): Promise<{ id: string; offset: number; repeated?: true }>;
  /**
   * Sends to one user, who gets it later when away; `delivered` says whether the user is online. Sent again as
   * {@link sendToRoom} is.
   * @example
   * const { delivered } = await channels.sendToUser("456", { text: "Shall we practise?" });
   * console.log(delivered ? "online" : "will get it later");
   */
  sendToUser(
    to: string,
    body: MessageBody,
    options?: MessageOptions,
  ): Promise<{ id: string; delivered: boolean; repeated?: true }>;
  /**
   * To one user, or to everyone. Sent again as {@link sendToRoom} is.
   * @example
   * await channels.chat("Hello, everyone");
   * await channels.chat({ sticker: "wave" }, "456");
   */
  chat(
    content: string | Record<string, unknown>,
    to?: string,
    options?: MessageOptions,
  ): Promise<{ id: string; repeated?: true }>;
  /**
   * Dropped when there is no connection.
   * @example
   * channels.typing({ room: "class-7" });
   */
  typing(where: { to: string } | { room: string }): void;
  /**
   * Who of a room that was joined, or of these users, is online. Of a room with too many members to be named (200, unless the
   * server is set otherwise) nobody: the event `presence` says how many they are, and who comes and goes in smaller ones.
   * @example
   * const inTheRoom = await channels.presence({ room: "class-7" });
   * const [isOnline] = await channels.presence({ users: ["456"] });
   * console.log(inTheRoom.length, isOnline !== undefined);
   */
  presence(of: { room: string } | { users: string[] }): Promise<string[]>;
  /**
   * Disconnects after the listeners that run, and the acks of what they handled.
   * @example
   * await channels.close();
   */
  close(): Promise<void>;
}

/** Connects to `/channels`, when the handle before it has ended. */
export function createChannels(context: Context, before?: Ending): Opened<ChannelsClient> {
  const subscriptions = createSubscriptions((channel, since) => core.emit("unrecovered", { channel, since }));
  const acks = new Acks(async (channel, { offset, epoch }) => {
    if (epoch !== core.epoch) return; // of another database: here it would stand for what nobody has handled
    await core.session.ask("ack", { channel, offset }).catch(unlessRefused);
  });

  const core: Core = createCore(context, {
    namespace: "/channels",
    async handshake(core, { user }) {
      await core.streams?.open(channelOf.messages(user)); // the server subscribes to it by itself
      return {};
    },
    async restore(core) {
      const refused = await subscriptions.restore(core);
      for (const { channel, error } of refused) {
        core.emit("error", { code: error.code, message: error.message, channel, timestamp: new Date().toISOString() });
      }
      void acks.flush();
    },
    resubscribe(core, channel) {
      const ask = async (): Promise<void> => {
        await core.session.ready(`subscribe ${channel}`); // a restore may be under way, and past this channel
        if (core.streams?.has(channel)) await subscriptions.ask(core, channel);
      };
      ask().catch((error: unknown) => {
        if (core.session.state !== "connected") return; // the next connection asks
        if (toClasswireError(error, "SERVER_ERROR").code !== "FORBIDDEN") core.session.restart("an event was missing");
      });
    },
    handled: (_core, channel, position) => acks.note(channel, position),
  });

  core.events.on("error", (payload) => {
    // An error that names a channel ends its subscription.
    if (typeof payload !== "object" || payload === null || !("channel" in payload)) return;
    if (errorFromWire(payload)?.code === "FORBIDDEN") subscriptions.forget(core, String(payload.channel));
  });
  core.start(before);

  const { session } = core;
  const messages = createMessages(core, context.backoff);
  const handle: ChannelsClient = {
    get state() {
      return core.state;
    },
    on: (event, listener) => core.events.on(event, listener as Listener<readonly unknown[]>),
    subscribe: (channel) => subscriptions.subscribe(core, channel),
    async unsubscribe(channel) {
      if (subscriptions.forget(core, channel) && session.state === "connected")
        await session.ask("unsubscribe", { channel });
    },
    async subscribeNotifications() {
      const { user } = await context.tokens.get();
      return subscriptions.subscribe(core, channelOf.notifications(user));
    },
    subscribeRunResults: (run) => subscriptions.subscribe(core, channelOf.runResults(run)),
    joinRoom: (room) => subscriptions.join(core, room),
    async leaveRoom(room) {
      if (subscriptions.leave(core, room) && session.state === "connected") await session.ask("leave_room", { room });
    },
    sendToRoom: (room, body, options) => messages.send("room_message", { room, ...body }, options),
    sendToUser: (to, body, options) => messages.send("user_message", { to, ...body }, options),
    chat: (content, to, options) => messages.send("chat", to === undefined ? { content } : { to, content }, options),
    typing: (where) => session.send("typing", where),
    presence: async (of) => (await session.request<{ online: string[] }>("presence", of)).online,
    close: () =>
      core.close(async () => {
        if (session.state === "connected") await acks.flush();
        acks.stop();
      }),
  };
  return { handle, ending: core.ending };
}

/** An ack that the server refuses (a room that was left) need not be sent again; anything else is. */
function unlessRefused(error: unknown): undefined {
  if (error instanceof ClasswireError && error.code === "FORBIDDEN") return undefined;
  throw error;
}
