// Emitting an event of the log: the one place where a name and its payload are not checked against the rows, as the append was.
import type { LoggedEvent } from "../../contract/durable.ts";
import { wireArguments } from "../../contract/namespaces.ts";

/** A socket, or the sockets of a room. */
interface EventTarget {
  emit(event: string, ...args: unknown[]): unknown;
}

/** Emits a durable event with its two arguments: the payload, and where it stands in its channel. */
export function emitLogged(target: EventTarget, event: LoggedEvent): void {
  target.emit(event.event, ...wireArguments(event));
}
