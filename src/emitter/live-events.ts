// Events that may be emitted through Redis: what a backend gives for each, and what goes over the wire for it.
import { z } from "zod";
import { progressUpdated, quizCompleted } from "../contract/dashboard.ts";
import { roomName, userId } from "../contract/ids.ts";
import { json, jsonObject } from "../contract/json.ts";
import { dataUpdate, orderStatus, systemMessage } from "../contract/messaging.ts";

/** Who says it: here the backend's word counts. */
const author = { from: userId, username: z.string().min(1).max(128).optional() };
const text = z.string().min(1).max(65_536);
const words = { text: text.optional(), content: z.union([text, jsonObject]).optional() };
const saysSomething = (value: { text?: unknown; content?: unknown }): boolean =>
  value.text !== undefined || value.content !== undefined;
const nothingSaid = { message: "text or content is required", path: ["text"] };

/** Events of `/channels` by name. `timestamp` (epoch milliseconds) is added to those that carry one. */
export const channelsEvents = {
  system: systemMessage.transform((message) => ({ ...message, code: message.code ?? 0 })),
  data_update: dataUpdate,
  user_message: z.object({ to: userId, ...words, ...author }).refine(saysSomething, nothingSaid),
  room_message: z.object({ room: roomName, ...words, ...author }).refine(saysSomething, nothingSaid),
  chat: z.object({ content: z.union([text, jsonObject]), ...author }),
  typing: z.object({ to: userId.optional(), room: roomName.optional(), content: json.optional(), ...author }),
  order_status: orderStatus,
  push: z.object({ type: z.string().min(1).max(64), to: userId.optional(), content: json }),
} as const;

/** Events of `/dashboard` by name; their `timestamp` is RFC 3339 and the backend's own. */
export const dashboardEvents = { progress_updated: progressUpdated, quiz_completed: quizCompleted } as const;

/** Name of an event of `/channels`. */
export type ChannelsEvent = keyof typeof channelsEvents;
/** Name of an event of `/dashboard`. */
export type DashboardEvent = keyof typeof dashboardEvents;
/** What a backend gives for an event of `/channels`. */
export type ChannelsPayload<Event extends ChannelsEvent> = z.input<(typeof channelsEvents)[Event]>;
/** What a backend gives for an event of `/dashboard`. */
export type DashboardPayload<Event extends DashboardEvent> = z.input<(typeof dashboardEvents)[Event]>;

/** Events whose payload has no time of the server's. */
const TIMELESS: ReadonlySet<ChannelsEvent> = new Set<ChannelsEvent>(["order_status", "push"]);

/** A checked payload as it goes over the wire at `now` (epoch milliseconds). */
export function stamped(event: ChannelsEvent, payload: object, now: number): object {
  return TIMELESS.has(event) ? payload : { ...payload, timestamp: now };
}
