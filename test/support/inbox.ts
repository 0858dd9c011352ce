// What a client hears, in order and complete: for tests that must know that nothing else came.
import type { Socket } from "socket.io-client";
import type { Json } from "./classwire.ts";
import { eventually } from "./eventually.ts";

/** One event. `args` without its name. */
export interface Heard {
  readonly event: string;
  readonly args: readonly Json[];
}

/** Everything that a socket hears from its beginning. */
export interface Inbox {
  readonly all: readonly Heard[];
  /** The names in the order they came. */
  names(): string[];
  /** The first arguments (payloads) of every `event`. */
  payloads(event: string): Json[];
  /** The second arguments (metas) of every `event`. */
  metas(event: string): Json[];
  /** Waits until so many of `event` have come; returns their payloads. */
  wait(event: string, count?: number): Promise<Json[]>;
}

/** Opens the inbox of a socket: right after it was made, so that nothing is missed. */
export function inboxOf(socket: Socket): Inbox {
  const all: Heard[] = [];
  socket.onAny((event: string, ...args: Json[]) => all.push({ event, args }));
  const of = (event: string) => all.filter((heard) => heard.event === event);
  const payloads = (event: string) => of(event).map(({ args }) => args[0]);
  return {
    all,
    names: () => all.map(({ event }) => event),
    payloads,
    metas: (event) => of(event).map(({ args }) => args[1]),
    wait: (event, count = 1) =>
      eventually(() => of(event).length >= count && payloads(event), { what: `${count} × ${event}` }),
  };
}

/**
 * Waits until everything that the server had sent to this socket before now has come: an answer to an event of its own comes
 * behind it.
 */
export async function settled(socket: Socket): Promise<void> {
  await socket.timeout(10_000).emitWithAck("no such event");
}
