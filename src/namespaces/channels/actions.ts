// The events that a client of `/channels` may send: the shape of each, and what is done.

import { chat, roomMessage, typing, userMessage } from "../../contract/messaging.ts";
import { acknowledge, presence, room, subscribe, unsubscribe } from "../../contract/subscribing.ts";
import { refresh } from "../../realtime/expiry.ts";
import { type Actions, action, nothing } from "../../realtime/handler.ts";
import { type Speaker, sayInChat, sayToRoom, sayToUser, showTyping } from "./messages.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** What the events of one socket work with. */
export interface ChannelsContext extends Speaker {
  subscriptions: Subscriptions;
}

/** The table of events. */
export const ACTIONS: Actions<ChannelsContext> = {
  subscribe: action(subscribe, (asked, { subscriptions }) => subscriptions.subscribe(asked)),
  unsubscribe: action(unsubscribe, ({ channel: { name } }, { subscriptions }) => {
    subscriptions.unsubscribe(name);
    return { channel: name };
  }),
  ack: action(acknowledge, async ({ channel, offset }, { subscriptions }) => {
    await subscriptions.acknowledge(channel.name, offset);
    return {};
  }),
  join_room: action(room, async (asked, { membership }) => ({
    room: asked.room,
    members: await membership.join(asked.room),
  })),
  leave_room: action(room, async (asked, { membership }) => ({
    room: asked.room,
    members: await membership.leave(asked.room),
  })),
  presence: action(presence, async ({ room: name, users = [] }, { membership, dependencies }) => {
    if (name !== undefined) return { online: await membership.members(name) };
    return { online: await dependencies.cluster.presence.online("channels", users) };
  }),
  room_message: action(roomMessage, sayToRoom),
  user_message: action(userMessage, sayToUser),
  chat: action(chat, sayInChat),
  typing: action(typing, showTyping),
  heartbeat: action(nothing, () => ({ timestamp: Date.now() })),
  refresh_token: refresh,
};
