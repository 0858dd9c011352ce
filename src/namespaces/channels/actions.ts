// The events that a client of `/channels` may send, and what is done for each.
import { ONLINE } from "../../cluster/presence.ts";
import { channels } from "../../contract/channels.ts";
import { isPrivileged } from "../../contract/identity.ts";
import { actions } from "../../realtime/actions.ts";
import { refresh } from "../../realtime/expiry.ts";
import { type Speaker, sayInChat, sayToRoom, sayToUser, showTyping } from "./messages.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** What the events of one socket work with. */
export interface ChannelsContext extends Speaker {
  readonly subscriptions: Subscriptions;
}

/** The table of events. */
export const ACTIONS = actions<typeof channels, ChannelsContext>(channels, {
  subscribe: (asked, { subscriptions }) => subscriptions.subscribe(asked),
  unsubscribe({ channel: { name } }, { subscriptions }) {
    subscriptions.unsubscribe(name);
    return { channel: name };
  },
  async ack({ channel, offset }, { subscriptions }) {
    await subscriptions.acknowledge(channel.name, offset);
    return {};
  },
  join_room: async ({ room }, { membership }) => ({ room, members: await membership.join(room) }),
  leave_room: async ({ room }, { membership }) => ({ room, members: await membership.leave(room) }),
  async presence({ room, users = [] }, { membership, dependencies }) {
    if (room !== undefined) return membership.members(room);
    return { online: await dependencies.cluster.presence.online(ONLINE, users) };
  },
  room_message: sayToRoom,
  user_message: sayToUser,
  chat: sayInChat,
  typing: showTyping,
  heartbeat: () => ({ timestamp: Date.now() }),
  async refresh_token(payload, context) {
    const wasPrivileged = isPrivilegedAt(context);
    refresh(payload, context);
    if (wasPrivileged && !isPrivilegedAt(context)) await context.subscriptions.recheck();
    return {};
  },
});

function isPrivilegedAt({ socket }: ChannelsContext): boolean {
  const { identity } = socket.data.admission;
  return identity !== undefined && isPrivileged(identity);
}
