// A durable event as the log keeps it and as subscribers see it.
import { z } from "zod";
import type { ChannelKind } from "./channel-names.ts";

/** The second argument of every durable event. `offset` counts 1, 2, 3 … in the channel; `id` never changes. */
export const meta = z.object({ channel: z.string(), offset: z.int().positive(), id: z.string() });
/** @see meta */
export type Meta = z.infer<typeof meta>;

/** An event of the log after its commit. `timestamp` is epoch milliseconds. */
export interface LoggedEvent {
  channel: string;
  offset: number;
  id: string;
  event: string;
  data: Record<string, unknown>;
  timestamp: number;
}

/** Kinds whose wire payload is the data inside `{channel, data, timestamp}`; the others' payload is the data itself. */
const ENVELOPED: ReadonlySet<ChannelKind | string> = new Set<ChannelKind>(["notifications", "run-results"]);

/** The two arguments with which a durable event is emitted. */
export function wireArguments(event: LoggedEvent): [payload: Record<string, unknown>, meta: Meta] {
  const { channel, offset, id, data, timestamp } = event;
  const kind = channel.slice(0, channel.indexOf("/"));
  const payload = ENVELOPED.has(kind) ? { channel, data, timestamp } : data;
  return [payload, { channel, offset, id }];
}
