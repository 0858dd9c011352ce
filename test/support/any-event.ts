// Events that no row describes, for tests of the log itself: it keeps whatever it is given.
import type { AppendOptions, NewEvent } from "../../src/event-log/append.ts";

/** Any channel, name and data as an event for the log. */
export function anyEvent(
  event: { channel: string; event: string; data: Record<string, unknown> } & AppendOptions,
): NewEvent {
  return event as NewEvent;
}
