// All namespaces by name, and what follows from their rows as a whole.
import type { ChannelOf } from "./channel-names.ts";
import { channels } from "./channels.ts";
import { dashboard } from "./dashboard.ts";
import type { LoggedEvent, Meta } from "./durable.ts";
import type { DurableData, DurableEventName, NamespaceRows } from "./rows.ts";
import { studyTime } from "./study-time.ts";

/** The namespaces, each with every event that goes over it. */
export const NAMESPACES = [dashboard, channels, studyTime] as const satisfies readonly NamespaceRows[];

type Rows = (typeof NAMESPACES)[number];

/** The name of a namespace; the default namespace `/` admits no one. */
export type Namespace = Rows["name"];

/** The name of any event that a client may send, in whichever namespace. */
export type ClientEventName = { [Name in Namespace]: keyof Extract<Rows, { name: Name }>["client"] }[Namespace];

/** The data of every durable event by its name. */
export type DurableEvents = {
  [Name in DurableEventName<typeof dashboard>]: DurableData<typeof dashboard, Name>;
} & {
  [Name in DurableEventName<typeof channels>]: DurableData<typeof channels, Name>;
};

type DurableRows = (typeof dashboard)["server"] & (typeof channels)["server"];

/** A durable event in a channel of its kind: another event's data, or a channel of another kind, does not compile. */
export type NewDurableEvent = {
  [Name in keyof DurableEvents]: {
    channel: ChannelOf<DurableRows[Name]["durable"]>;
    event: Name;
    data: DurableEvents[Name];
  };
}[keyof DurableEvents];

/** The row of an event from the server; undefined where the namespace has none of that name. */
export function serverEvent(namespace: string, name: string): NamespaceRows["server"][string] | undefined {
  const rows: NamespaceRows | undefined = NAMESPACES.find((one) => one.name === namespace);
  return rows !== undefined && Object.hasOwn(rows.server, name) ? rows.server[name] : undefined;
}

/** Names of the events whose clients hear `{channel, data, timestamp}`. */
const ENVELOPED: ReadonlySet<string> = new Set(
  NAMESPACES.flatMap((rows: NamespaceRows) =>
    Object.entries(rows.server).flatMap(([name, row]) =>
      row.durable !== undefined && row.payload !== row.data ? [name] : [],
    ),
  ),
);

/** The two arguments with which a durable event is emitted. */
export function wireArguments(logged: LoggedEvent): [payload: Record<string, unknown>, meta: Meta] {
  const { channel, offset, id, event, data, timestamp } = logged;
  return [ENVELOPED.has(event) ? { channel, data, timestamp } : data, { channel, offset, id }];
}
