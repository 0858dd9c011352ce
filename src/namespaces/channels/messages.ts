// What users of `/channels` say: to a room, to one user, to everyone, and that they are typing.
import { createHash, randomUUID } from "node:crypto";
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

/** The id of a message. `repeated`: it had been sent before, and nothing was added now. */
interface Kept {
  readonly id: string;
  readonly repeated?: true;
}

const REPEATED = { repeated: true } as const;

/** Says something in a room that the socket has joined. */
export async function sayToRoom(
  { room, ...body }: z.output<typeof roomMessage>,
  { socket, membership, dependencies }: Speaker,
): Promise<Kept & { offset: number }> {
  const from = identityOf(socket);
  membership.assertIn(room);
  const key = keyOf(from, channelOf.room(room), body.id);
  const { event, duplicate } = await dependencies.messages.toRoom(from, room, body, key);
  return { id: event.id, offset: event.offset, ...(duplicate && REPEATED) };
}

/** Says something to a user: kept for it, whoever and wherever that is. `delivered` says whether it is online now. */
export async function sayToUser(
  { to, ...body }: z.output<typeof userMessage>,
  { socket, dependencies }: Speaker,
): Promise<Kept & { delivered: boolean }> {
  const from = identityOf(socket);
  const [{ event, duplicate }, online] = await Promise.all([
    dependencies.messages.toUser(from, to, body, keyOf(from, channelOf.messages(to), body.id)),
    dependencies.cluster.presence.online(ONLINE, [to]),
  ]);
  return { id: event.id, delivered: online.length > 0, ...(duplicate && REPEATED) };
}

/** A chat message: with `to` one to that user, otherwise for everyone now, and not kept. */
export async function sayInChat({ to, content, id }: z.output<typeof chat>, speaker: Speaker): Promise<Kept> {
  if (to !== undefined) {
    const { delivered: _delivered, ...kept } = await sayToUser({ to, content, id }, speaker);
    return kept;
  }
  const { socket, dependencies } = speaker;
  const { rates } = dependencies.cluster;
  const { chatToEveryone, chatOnce } = dependencies.limits;
  const from = identityOf(socket);
  const key = keyOf(from, "everyone", id);
  const turn = await rates.take(chatToEveryone, from.id);
  // Nothing of it is kept but that it was said; its id follows from the sender's, so that a repetition is answered with the same. It
  // is noted only by whoever says it next: noted before its turn, a repetition could be told of what is then refused.
  if (!turn.ok) {
    if (key !== undefined && (await rates.isSpent(chatOnce, key))) return { id: key, ...REPEATED };
    throw new Failure("RATE_LIMIT", "one message a second to everyone");
  }
  if (key !== undefined && !(await rates.take(chatOnce, key)).ok) {
    await rates.giveBack(chatToEveryone, from.id);
    return { id: key, ...REPEATED };
  }
  socket.nsp.emit("chat", { content, ...saidBy(from) });
  return { id: key ?? randomUUID() };
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

/** The key of a message that may come again: no other user's, and no other channel's. Nothing of what the sender wrote is in it. */
function keyOf(from: Identity, channel: string, id: string | undefined): string | undefined {
  if (id === undefined) return undefined;
  const name = JSON.stringify([from.id, channel, id]);
  return `message:${createHash("sha256").update(name).digest("base64url")}`;
}

/** Always the authenticated user, never the client's word. */
function identityOf({ data: { admission } }: ChannelsSocket): Identity {
  if (admission.identity === undefined) throw new Failure("FORBIDDEN", "guests hear, they do not speak");
  return admission.identity;
}

function saidBy({ id, name }: Identity): Said {
  return { from: id, ...(name === undefined ? {} : { username: name }), timestamp: Date.now() };
}
