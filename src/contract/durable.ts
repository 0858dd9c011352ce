// A durable event as the log keeps it and as subscribers see it.
import { z } from "zod";

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

/** The schema of `{channel, data, timestamp}`; `timestamp` is epoch milliseconds. */
export type Envelope<Data extends z.ZodType> = ReturnType<typeof envelope<Data>>;

/** Data in an envelope that says where it is from and of when. */
export function envelope<Data extends z.ZodType>(data: Data) {
  return z.object({ channel: z.string(), data, timestamp: z.number() });
}
