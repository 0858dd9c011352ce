// What users of `/channels` say: to a room, to one user, to everyone, and that they are typing.
import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { ONLINE } from "../../cluster/presence.ts";
import { channelOf, roomOf } from "../../contract/channel-names.ts";
import { Failure } from "../../contract/errors.ts";
import type { Identity } from "../../contract/identity.ts";
import type { chat, roomMessage, Said, typing, userMessage } from "../../contract/messaging.ts";
import type { ChannelsSocket } from "../../realtime/types.ts";
import type { ChannelsDependencies } from "./dependencies.ts";
import type { Membership } from "./membership.ts";

/** Whoever speaks, on one socket. */
export interface Speaker {
  socket: ChannelsSocket;
  membership: Membership;
  dependencies: ChannelsDependencies;
}

/** Says something in a room that the socket has joined. */
export async function sayToRoom(
  { room, ...body }: z.output<typeof roomMessage>,
  { socket, membership, dependencies }: Speaker,
): Promise<{ id: string; offset: number }> {
  const from = identityOf(socket);
  membership.assertIn(room);
  const { event } = await dependencies.messages.toRoom(from, room, body);
  return { id: event.id, offset: event.offset };
}

/** Says something to a user: kept for it, whoever and wherever that is. `delivered` says whether it is online now. */
export async function sayToUser(
  { to, ...body }: z.output<typeof userMessage>,
  { socket, dependencies }: Speaker,
): Promise<{ id: string; delivered: boolean }> {
  const [{ event }, online] = await Promise.all([
    dependencies.messages.toUser(identityOf(socket), to, body),
    dependencies.cluster.presence.online(ONLINE, [to]),
  ]);
  return { id: event.id, delivered: online.length > 0 };
}

/** A chat message: with `to` one to that user, otherwise for everyone now, and not kept. */
export async function sayInChat({ to, content }: z.output<typeof chat>, speaker: Speaker): Promise<{ id: string }> {
  if (to !== undefined) return { id: (await sayToUser({ to, content }, speaker)).id };
  const { socket, dependencies } = speaker;
  const from = identityOf(socket);
  const turn = await dependencies.cluster.rates.take(dependencies.limits.chatToEveryone, from.id);
  if (!turn.ok) throw new Failure("RATE_LIMIT", "one message a second to everyone");
  socket.nsp.emit("chat", { content, ...saidBy(from) });
  return { id: randomUUID() };
}

/** Shows others that somebody is typing. May get lost. */
export function showTyping(
  { to, room = "", content }: z.output<typeof typing>,
  { socket, membership }: Speaker,
): Record<string, never> {
  const said = { ...(content === undefined ? {} : { content }), ...saidBy(identityOf(socket)) };
  if (to !== undefined) socket.to(roomOf.user(to)).volatile.emit("typing", { to, ...said });
  else {
    membership.assertIn(room);
    socket.to(channelOf.room(room)).volatile.emit("typing", { room, ...said });
  }
  return {};
}

/** Always the authenticated user, never the client's word. */
function identityOf({ data: { admission } }: ChannelsSocket): Identity {
  if (admission.identity === undefined) throw new Failure("FORBIDDEN", "guests hear, they do not speak");
  return admission.identity;
}

function saidBy({ id, name }: Identity): Said {
  return { from: id, ...(name === undefined ? {} : { username: name }), timestamp: Date.now() };
}
