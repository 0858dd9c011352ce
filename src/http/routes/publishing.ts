// Routes that publish: notifications, system messages, changed data, messages to rooms, frames of a backend's own.
import { GUESTS, ONLINE, type Presence } from "../../cluster/presence.ts";
import { publishingCalls } from "../../contract/publishing.ts";
import type { Broadcast } from "../../realtime/broadcast.ts";
import type { Services } from "../../services/services.ts";
import { caller, type Route, route } from "../route.ts";

const ACCEPTED = { accepted: true } as const;

/** Creates the routes of publishing. */
export function publishingRoutes(
  { notifications, messages }: Pick<Services, "notifications" | "messages">,
  broadcast: Broadcast,
  presence: Presence,
): Route[] {
  return [
    route(publishingCalls.notify, {
      async handle({ body: { userId, everyone: _everyone, ...notification }, eventKey }) {
        const { event } =
          userId === undefined
            ? await notifications.toEveryone(notification, eventKey)
            : await notifications.toUser(userId, notification, eventKey);
        const online =
          userId === undefined ? await isAnybodyThere(presence) : (await presence.online(ONLINE, [userId])).length > 0;
        return { id: event.id, channel: event.channel, offset: event.offset, online };
      },
    }),
    route(publishingCalls.sendSystem, {
      async handle({ body }) {
        broadcast.system(body);
        return ACCEPTED;
      },
    }),
    route(publishingCalls.sendDataUpdate, {
      async handle({ body: { to, ...update } }) {
        broadcast.dataUpdate(update, to);
        return ACCEPTED;
      },
    }),
    route(publishingCalls.sendToRoom, {
      async handle(call) {
        const { event } = await messages.toRoom(caller(call), call.params.room, call.body, call.eventKey);
        return { id: event.id, offset: event.offset };
      },
    }),
    route(publishingCalls.pushToEveryone, {
      async handle({ body }) {
        await broadcast.push(body);
        return ACCEPTED;
      },
    }),
    route(publishingCalls.push, {
      handle: async ({ body }) => ({ delivered: await broadcast.push(body) }),
    }),
  ];
}

/** Whether anybody is connected to `/channels`, a guest or a user. */
async function isAnybodyThere(presence: Presence): Promise<boolean> {
  const sizes = await Promise.all([ONLINE, GUESTS.group].map((group) => presence.size(group)));
  return sizes.some(({ members }) => members > 0);
}
