// Notifications to one user or to everyone, kept until they were handled or are too old.
import { type ChannelOf, channelOf, EVERYONE } from "../contract/channel-names.ts";
import type { Notification } from "../contract/messaging.ts";
import type { Appended, EventLog } from "../event-log/event-log.ts";
import { omitUndefined } from "./omit-undefined.ts";

/** Sends notifications. */
export interface Notifications {
  /** Appends to the user's own channel. The same `key` again is the same event. */
  toUser(user: string, notification: Notification, key?: string): Promise<Appended>;
  /** Appends to the channel that everyone hears. The same `key` again is the same event. */
  toEveryone(notification: Notification, key?: string): Promise<Appended>;
}

/** Creates the service that appends notifications to the log. The append is enqueued before the call returns, so calls keep their order. */
export function createNotifications({ eventLog }: { eventLog: EventLog }): Notifications {
  const send = (
    channel: ChannelOf<"notifications">,
    notification: Notification,
    key: string | undefined,
  ): Promise<Appended> => {
    const { title, message, action, requestId, icon, link } = notification;
    const data = omitUndefined({ title, message, action, requestId, icon, link });
    return eventLog.append({ channel, event: "notifications", data, ...(key === undefined ? {} : { key }) });
  };
  return {
    toUser: (user, notification, key) => send(channelOf.notifications(user), notification, key),
    toEveryone: (notification, key) => send(EVERYONE, notification, key),
  };
}
