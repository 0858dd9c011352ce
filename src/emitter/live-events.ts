// Events that may be emitted through Redis, from the rows of their namespaces: what a backend gives, and what goes over the wire.
import { z } from "zod";
import { channels } from "../contract/channels.ts";
import { dashboard } from "../contract/dashboard.ts";
import { invalidField, parse } from "../contract/parse.ts";
import type { NamespaceRows } from "../contract/rows.ts";

/** Sent by methods of their own, which know their envelope. */
type Enveloped = "notifications" | "run-results";

/** The events of a namespace that a backend may raise: all but the server's own. */
type Foreign<Rows extends NamespaceRows> = {
  [Name in keyof Rows["server"]]: Rows["server"][Name] extends { readonly own: true } ? never : Name;
}[keyof Rows["server"]];

/** Name of an event of `/channels`. */
export type ChannelsEvent = Exclude<Foreign<typeof channels>, Enveloped>;
/** Name of an event of `/dashboard`. */
export type DashboardEvent = Foreign<typeof dashboard>;

/** What a backend gives for an event of `/channels`; its `timestamp` is added. */
export type ChannelsPayload<Event extends ChannelsEvent> = Event extends ChannelsEvent
  ? Unstamped<z.input<(typeof channels)["server"][Event]["payload"]>>
  : never;
type Unstamped<Payload> = Payload extends { timestamp: number } ? Omit<Payload, "timestamp"> : Payload;
/** What a backend gives for an event of `/dashboard`; its `timestamp` is RFC 3339 and the backend's own. */
export type DashboardPayload<Event extends DashboardEvent> = z.input<(typeof dashboard)["server"][Event]["payload"]>;

/** The checked payload of an event of `/channels` at `now` (epoch milliseconds). @throws Failure INVALID_MESSAGE */
export function channelsPayload(event: string, given: unknown, now: number): object {
  const schema = payloadOf(PAYLOADS.channels, event);
  const isStamped = schema instanceof z.ZodObject && schema.shape["timestamp"] instanceof z.ZodNumber;
  return parse(schema, isStamped && typeof given === "object" ? { ...given, timestamp: now } : given) as object;
}

/** The checked payload of an event of `/dashboard`. @throws Failure INVALID_MESSAGE */
export function dashboardPayload(event: string, given: unknown): object {
  return parse(payloadOf(PAYLOADS.dashboard, event), given) as object;
}

/** The payloads of the events that a backend may raise, by name. */
function payloadsOf({ server }: NamespaceRows): ReadonlyMap<string, z.ZodType> {
  const foreign = Object.entries(server).filter(([, row]) => row.durable !== undefined || !row.own);
  return new Map(foreign.map(([name, { payload }]) => [name, payload]));
}

const PAYLOADS = { channels: payloadsOf(channels), dashboard: payloadsOf(dashboard) };

function payloadOf(payloads: ReadonlyMap<string, z.ZodType>, event: string): z.ZodType {
  const payload = payloads.get(event);
  if (payload === undefined) throw invalidField("event", `must be one of ${[...payloads.keys()].join(", ")}`);
  return payload;
}
