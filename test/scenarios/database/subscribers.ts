// Subscribers, of Socket.IO and raw, that stay connected over a fault, and what each of them must have heard after it.
import { type Address, type Listener, listen, listenRaw } from "../nodes.ts";
import type { Stage } from "./publishers.ts";

/** Somebody who hears one channel from its beginning. */
export interface Subscriber {
  /** Who, for messages. */
  readonly who: string;
  readonly channel: string;
  /** The names of its events, as they came. */
  names(): string[];
  /** Its events' offsets as they came; undefined where the dialect has none. */
  offsets(): number[] | undefined;
  close(): void;
}

/** Connects one of each transport to every channel; none of them would connect a second time. */
export async function startSubscribers(server: Address, { notified, room, learner }: Stage): Promise<Subscriber[]> {
  const subscribers: Subscriber[] = [];
  const add = (who: string, channel: string, event: string, listener: Listener, hasOffsets: boolean): void => {
    const events = () => listener.heard.filter(({ name }) => name === event);
    subscribers.push({
      who: `${who} on ${channel}`,
      channel,
      names: () => events().map(({ body }) => nameOf(body.data ?? body)),
      offsets: () => (hasOffsets ? events().map(({ offset }) => Number(offset)) : undefined),
      close: () => listener.close(),
    });
  };

  for (const user of notified) {
    const channel = `notifications/${user}`;
    const socket = await listen(server, "/channels", user);
    await socket.ask("subscribe", { channel, since: 0 });
    add("Socket.IO", channel, "notifications", socket, true);
    const raw = await listenRaw(server, "/", user);
    raw.send({ type: "subscribe", channel });
    await raw.hears("subscribed");
    add("raw", channel, "notifications", raw, false);
  }
  const member = await listen(server, "/channels", "member");
  await member.ask("join_room", { room });
  add("Socket.IO", `rooms/${room}`, "room_message", member, true);

  const dashboard = await listen(server, "/dashboard", String(learner));
  add("Socket.IO", `dashboard/${learner}`, "quiz_completed", dashboard, true);
  return subscribers;
}

/** What the load has called an event, in whichever of its members that is. */
export function nameOf(data: { title?: string; text?: string; score?: number }): string {
  return data.title ?? data.text ?? String(data.score);
}
