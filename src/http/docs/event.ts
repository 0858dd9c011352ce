// How an event of a namespace is described: the types make sure that no event is left out, and that its schema fits.
import type { z } from "zod";
import type { Meta } from "../../contract/durable.ts";

type Arguments<Event> = Event extends (...args: infer Args) => void ? Required<Args> : never;
type First<Event> = Arguments<Event> extends [infer Payload, ...unknown[]] ? Payload : undefined;
type Answer<Event> = Arguments<Event> extends [...unknown[], (answer: infer Given) => void] ? Given : never;
/** The `{ok: true, …}` of an ack without its `ok`; an answer that is not of that form, as a whole. */
type AckOf<Given> = [Extract<Given, { ok: true }>] extends [never] ? Given : Omit<Extract<Given, { ok: true }>, "ok">;
type IsFunction<T> = T extends (...args: never[]) => unknown ? true : false;

/** An event that the server sends. `durable`: with `meta`, kept, and delivered after an absence. */
export type ServerEvent<Event> = { summary: string; payload: z.ZodType<First<Event>> } & (Arguments<Event> extends [
  unknown,
  Meta,
]
  ? { durable: true }
  : { durable?: never });

/** An event that a client sends: its payload, if it has one, and what its ack says when all is well. */
export type ClientEvent<Event> = { summary: string; ack: z.ZodType<AckOf<Answer<Event>>> } & (IsFunction<
  First<Event>
> extends true
  ? { payload?: never }
  : { payload: z.ZodType<unknown, First<Event>> });

/** All events that a server may send, by name. */
export type ServerEventTable<Events> = { readonly [Name in keyof Events]: ServerEvent<Events[Name]> };
/** All events that a client may send, by name. */
export type ClientEventTable<Events> = { readonly [Name in keyof Events]: ClientEvent<Events[Name]> };

/** An event of any table. */
export interface AnyEvent {
  summary: string;
  payload?: z.ZodType;
  ack?: z.ZodType;
  durable?: true;
}

/** A namespace with its events. */
export interface DocumentedNamespace {
  name: string;
  description: string;
  server: Readonly<Record<string, AnyEvent>>;
  client: Readonly<Record<string, AnyEvent>>;
}
