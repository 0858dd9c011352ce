// Messages from one person to another or to a room, kept in the channel of the receiver.
import { channelOf } from "../contract/channel-names.ts";
import type { MessageBody } from "../contract/messaging.ts";
import type { Appended, EventLog } from "../event-log/event-log.ts";
import { omitUndefined } from "./omit-undefined.ts";

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

/** Creates the service that appends messages to the log. The append is enqueued before the call returns, so calls keep their order. */
export function createMessages({ eventLog, now = Date.now }: { eventLog: EventLog; now?: () => number }): Messages {
  const said = (from: Author, { text, content }: MessageBody) => ({
    text,
    content,
    from: from.id,
    username: from.name,
    timestamp: now(),
  });
  const options = (timestamp: number, key: string | undefined) => ({
    timestamp,
    ...(key === undefined ? {} : { key }),
  });
  return {
    toUser(from, to, body, key) {
      const data = omitUndefined({ to, ...said(from, body) });
      const channel = channelOf.messages(to);
      return eventLog.append({ channel, event: "user_message", data, ...options(data.timestamp, key) });
    },
    toRoom(from, room, body, key) {
      const data = omitUndefined({ room, ...said(from, body) });
      const channel = channelOf.room(room);
      return eventLog.append({ channel, event: "room_message", data, ...options(data.timestamp, key) });
    },
  };
}
