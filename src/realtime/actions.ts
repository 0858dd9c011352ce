// Actions: what the server does for each event of a client, in a table that is typed by the namespace's rows.
import type { z } from "zod";
import type { ClientEvent, NamespaceRows } from "../contract/rows.ts";

type MaybePromise<Value> = Value | Promise<Value>;

/** What a client event brings, as its schema understands it. */
type PayloadOf<Row extends ClientEvent> = Row["payload"] extends z.ZodType ? z.output<Row["payload"]> : undefined;

/** What an action answers; `ok` is added, and `error` where it fails. */
type AnswerOf<Row extends ClientEvent> = Row extends { readonly whole: true }
  ? Omit<z.output<Row["answer"]>, "ok" | "error">
  : z.output<Row["answer"]>;

type Act<Row extends ClientEvent, Context> = (payload: PayloadOf<Row>, context: Context) => MaybePromise<AnswerOf<Row>>;

/**
 * What is done for one event. Where the row gives the whole of the answer, `failed` makes what a failing one says besides
 * `{ok: false, error}`.
 */
type Handler<Row extends ClientEvent, Context> = Row extends { readonly whole: true }
  ? { readonly act: Act<Row, Context>; readonly failed: (context: Context) => AnswerOf<Row> }
  : Act<Row, Context>;

/** One handler for every client event of a namespace. `Context` is what the handlers of one socket work with. */
export type Handlers<Rows extends NamespaceRows, Context> = {
  readonly [Name in keyof Rows["client"]]: Handler<Rows["client"][Name], Context>;
};

/** A client event as the handler of events uses it. */
export interface Action<Context> {
  /** Undefined where the event has no payload; whatever comes is ignored then. */
  readonly schema: z.ZodType | undefined;
  readonly act: (payload: unknown, context: Context) => MaybePromise<unknown>;
  /** What a failing answer says besides `{ok: false, error}`. */
  readonly failed: ((context: Context) => object) | undefined;
}

/** The events of a namespace by name: one table for all of its sockets, each of which brings its context. */
export type Actions<Context> = Readonly<Record<string, Action<Context>>>;

/** Ties the handlers of a namespace to the schemas of its rows. A missing handler or a wrong answer does not compile. */
export function actions<Rows extends NamespaceRows, Context>(
  rows: Rows,
  handlers: Handlers<Rows, Context>,
): Actions<Context> {
  const table = Object.entries<ClientEvent>(rows.client).map(([name, { payload }]) => {
    const handler = handlers[name] as Action<Context>["act"] | Pick<Action<Context>, "act" | "failed">;
    const { act, failed } = typeof handler === "function" ? { act: handler, failed: undefined } : handler;
    return [name, { schema: payload, act, failed }] as const;
  });
  return Object.fromEntries(table);
}
