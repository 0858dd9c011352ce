// Messages from one person to another or to a room, kept in the channel of the receiver.
import { channelOf } from "../contract/channel-names.ts";
import type { MessageBody } from "../contract/messaging.ts";
import type { Appended, Log } from "../event-log/event-log.ts";
import { present } from "./omit-undefined.ts";

/** Who says something: an authenticated identity, never the client's word. */
export interface Author {
  readonly id: string;
  readonly name: string | undefined;
}

/** Sends messages. Whether the author may send there is decided by the caller. */
export interface Messages {
  /** Appends `user_message` to `messages/<to>`. The same `key` again is the same event. */
  toUser(from: Author, to: string, body: MessageBody, key?: string): Promise<Appended>;
  /** Appends `room_message` to `rooms/<room>`. The same `key` again is the same event. */
  toRoom(from: Author, room: string, body: MessageBody, key?: string): Promise<Appended>;
}

/** Makes the service. The append is enqueued before the call returns, so calls keep their order. */
export function createMessages({ log, now = Date.now }: { log: Log; now?: () => number }): Messages {
  const send = (
    event: "user_message" | "room_message",
    channel: string,
    address: { to: string } | { room: string },
    from: Author,
    body: MessageBody,
    key: string | undefined,
  ): Promise<Appended> => {
    const timestamp = now();
    const { text, content } = body;
    const data = present({ ...address, text, content, from: from.id, username: from.name, timestamp });
    return log.append({ channel, event, data, timestamp, ...(key === undefined ? {} : { key }) });
  };
  return {
    toUser: (from, to, body, key) => send("user_message", channelOf.messages(to), { to }, from, body, key),
    toRoom: (from, room, body, key) => send("room_message", channelOf.room(room), { room }, from, body, key),
  };
}
