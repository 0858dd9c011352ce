// Routes that announce something: notifications, system messages, changed data, and messages to rooms.
import { z } from "zod";
import type { Presence } from "../../cluster/presence.ts";
import { roomName } from "../../contract/ids.ts";
import { messageBody, systemMessage } from "../../contract/messaging.ts";
import { dataUpdateBody, notificationBody } from "../../contract/publishing.ts";
import type { Broadcast } from "../../realtime/broadcast.ts";
import type { Services } from "../../services/services.ts";
import { caller, type Route, route } from "../route.ts";

/** The answer where nothing is kept, so that there is nothing to say about it. */
const accepted = z.object({ accepted: z.literal(true) });
const ACCEPTED = { accepted: true } as const;

/** Makes them. */
export function announcingRoutes(
  { notifications, messages }: Pick<Services, "notifications" | "messages">,
  broadcast: Broadcast,
  presence: Presence,
): Route[] {
  return [
    route({
      method: "post",
      path: "/api/v1/notifications",
      tag: "Announcing",
      summary: "Notifies one user, or everyone. Who is away gets it later",
      access: "backend",
      body: notificationBody,
      answer: {
        status: 201,
        description: "Committed. online: the user (with everyone: anybody at all) is connected to /channels now",
        schema: z.object({ id: z.string(), channel: z.string(), offset: z.int(), online: z.boolean() }),
      },
      async handle({ body: { userId, everyone: _everyone, ...notification }, eventKey }) {
        const { event } =
          userId === undefined
            ? await notifications.toEveryone(notification, eventKey)
            : await notifications.toUser(userId, notification, eventKey);
        const online =
          userId === undefined
            ? (await presence.size("channels")).members > 0
            : (await presence.online("channels", [userId])).length > 0;
        return { id: event.id, channel: event.channel, offset: event.offset, online };
      },
    }),
    route({
      method: "post",
      path: "/api/v1/system",
      tag: "Announcing",
      summary: "Tells everyone who is connected to /channels now",
      access: "backend",
      body: systemMessage,
      answer: { status: 202, description: "Accepted; nothing is kept", schema: accepted },
      async handle({ body }) {
        broadcast.system(body);
        return ACCEPTED;
      },
    }),
    route({
      method: "post",
      path: "/api/v1/data-updates",
      tag: "Announcing",
      summary: "Tells everyone, one user or one room that something which a page shows has changed",
      access: "backend",
      body: dataUpdateBody,
      answer: { status: 202, description: "Accepted; nothing is kept", schema: accepted },
      async handle({ body: { to, ...update } }) {
        broadcast.dataUpdate(update, to);
        return ACCEPTED;
      },
    }),
    route({
      method: "post",
      path: "/api/v1/rooms/:room/messages",
      tag: "Announcing",
      summary: "Says something in a room, as the caller",
      access: "backend",
      params: z.object({ room: roomName }),
      body: messageBody,
      answer: {
        status: 201,
        description: "Committed: which message it is",
        schema: z.object({ id: z.string(), offset: z.int() }),
      },
      async handle(call) {
        const { event } = await messages.toRoom(caller(call), call.params.room, call.body, call.eventKey);
        return { id: event.id, offset: event.offset };
      },
    }),
  ];
}
