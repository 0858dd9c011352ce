// What users of `/channels` say: to a room, to one user, to everyone, and that they are typing.
import { randomUUID } from "node:crypto";
import { channelOf, roomOf } from "../../contract/channels.ts";
import { Failure } from "../../contract/errors.ts";
import type { Identity } from "../../contract/identity.ts";
import { chat, type MessageBody, roomMessage, type Said, typing, userMessage } from "../../contract/messaging.ts";
import { type Action, action } from "../../realtime/handler.ts";
import type { AnySocket } from "../../realtime/types.ts";
import type { ChannelsDependencies } from "./dependencies.ts";
import type { Membership } from "./membership.ts";

/** The actions by which one socket speaks. `from` is always the authenticated user. */
export function messageActions(
  socket: AnySocket,
  membership: Membership,
  { messages, cluster, limits }: ChannelsDependencies,
): Record<"room_message" | "user_message" | "chat" | "typing", Action> {
  const speaker = (): Identity => {
    const { identity } = socket.data.admission;
    if (identity === undefined) throw new Failure("FORBIDDEN", "guests hear, they do not speak");
    return identity;
  };
  const said = (from: Identity): Said => ({
    from: from.id,
    ...(from.name === undefined ? {} : { username: from.name }),
    timestamp: Date.now(),
  });

  /** Kept for the receiver, whoever and wherever that is; `delivered` says whether it is online now. */
  async function toUser(to: string, body: MessageBody): Promise<{ id: string; delivered: boolean }> {
    const [{ event }, online] = await Promise.all([
      messages.toUser(speaker(), to, body),
      cluster.presence.online("channels", [to]),
    ]);
    return { id: event.id, delivered: online.length > 0 };
  }

  return {
    room_message: action(roomMessage, async ({ room, ...body }) => {
      const from = speaker();
      membership.assertIn(room);
      const { event } = await messages.toRoom(from, room, body);
      return { id: event.id, offset: event.offset };
    }),
    user_message: action(userMessage, ({ to, ...body }) => toUser(to, body)),
    chat: action(chat, async ({ to, content }) => {
      if (to !== undefined) return { id: (await toUser(to, { content })).id };
      const from = speaker();
      const turn = await cluster.rates.take(limits.chatToEveryone, from.id);
      if (!turn.ok) throw new Failure("RATE_LIMIT", "one message a second to everyone");
      socket.nsp.emit("chat", { content, ...said(from) });
      return { id: randomUUID() };
    }),
    typing: action(typing, ({ to, room = "", content }) => {
      const from = speaker();
      const payload = { ...(content === undefined ? {} : { content }), ...said(from) };
      if (to !== undefined) socket.to(roomOf.user(to)).volatile.emit("typing", { to, ...payload });
      else {
        membership.assertIn(room);
        socket.to(channelOf.room(room)).volatile.emit("typing", { room, ...payload });
      }
      return {};
    }),
  };
}
