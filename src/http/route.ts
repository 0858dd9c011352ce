// A route: the row of a call with the function that carries it out, and what the function returns.
import { compile } from "path-to-regexp";
import type { z } from "zod";
import type { AnswerOf, CallRow, CallSpec, Part } from "../contract/calls.ts";
import { Failure } from "../contract/errors.ts";
import type { Identity } from "../contract/identity.ts";
import { parse } from "../contract/parse.ts";

/** A status, a body (JSON, or text where the row says so) and headers beyond the usual ones. */
export class Reply<Body = unknown> {
  readonly status: number;
  readonly body: Body;
  readonly headers: Readonly<Record<string, string>>;
  /** False where the same call may have a better answer soon, for all its good status: an idempotency key does not keep it. */
  readonly keep: boolean;

  constructor(status: number, body: Body, headers: Readonly<Record<string, string>> = {}, keep = true) {
    this.status = status;
    this.body = body;
    this.headers = headers;
    this.keep = keep;
  }
}

/** A call as a route's function gets it: every part has passed its schema. */
export interface Call<Row extends CallSpec> {
  readonly params: Part<Row, "params">;
  readonly query: Part<Row, "query">;
  readonly body: Part<Row, "body">;
  /** Who calls; undefined where no token was needed. */
  readonly identity: Identity | undefined;
  /** Names the call for good: events appended with it are appended once, however often the call is repeated. */
  readonly eventKey: string | undefined;
}

/** What a call must keep its order with. */
export interface Order {
  /** Calls of the same queue happen one after the other … */
  readonly queue: string;
  /** … unless they are neighbours, of the same route, and differ in this (or have none). */
  readonly conflictKey?: string;
}

/** How a route carries out the call of its row. */
export interface Handling<Row extends CallRow> {
  /** The limit of the body's size (`httpBody`). */
  readonly bodyLimit?: "httpBody" | "batchBody";
  /** Asked again and again by machines: a line in the log for each would hide the others. */
  readonly quiet?: true;
  /** The user that a call is about. A row with the access `self` must have it, see {@link route}. */
  about?(call: Pick<Call<Row>, "params" | "body">): string;
  /** For calls whose order matters and is not kept by the log itself, within one batch. */
  order?(body: Part<Row, "body">): Order;
  /** Does it. Returns the answer's body, or a whole reply where the status is another than the usual one. */
  handle(call: Call<Row>): Promise<AnswerOf<Row> | Reply<AnswerOf<Row>>>;
}

/** The parts of a call as they came in. */
export interface Parts {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: unknown;
  readonly body: unknown;
}

/** A call whose parts have passed their schemas. */
export interface Accepted {
  /** The path, always written the same way. */
  readonly path: string;
  readonly body: unknown;
  readonly about: string | undefined;
  readonly order: Order | undefined;
  run(identity: Identity | undefined, eventKey: string | undefined): Promise<Reply>;
}

/** A route, whatever its types. */
export interface Route {
  readonly row: CallRow;
  readonly bodyLimit: "httpBody" | "batchBody";
  readonly quiet: boolean;
  /** Checks the parts. @throws Failure INVALID_MESSAGE naming the field */
  accept(parts: Parts): Accepted;
}

/** What only rows of one access have, and they must. */
type AboutSomebody<Row extends CallRow> = Row["access"] extends "self"
  ? Pick<Required<Handling<Row>>, "about">
  : { readonly about?: never };

/** Creates the route of a row: it checks the parts of a call by the schemas of the row, then calls `handle`. */
export function route<Row extends CallRow>(row: Row, handling: Handling<Row> & AboutSomebody<Row>): Route {
  const { about, order, handle, quiet = false, bodyLimit = "httpBody" } = handling;
  const toPath = compile<Record<string, string>>(row.path);
  const part = (name: "params" | "query" | "body", { [name]: value }: Parts): unknown => {
    const schema: z.ZodType | undefined = row[name];
    return schema === undefined ? undefined : parse(schema, value, name);
  };
  return {
    row,
    bodyLimit,
    quiet,
    accept(parts) {
      const params = part("params", parts) as Part<Row, "params">;
      const query = part("query", parts) as Part<Row, "query">;
      const body = part("body", parts) as Part<Row, "body">;
      return {
        get path() {
          return toPath(parts.params as Record<string, string>);
        },
        body,
        about: about?.({ params, body }),
        order: order?.(body),
        async run(identity, eventKey) {
          const answer = await handle({ params, query, body, identity, eventKey });
          return answer instanceof Reply ? answer : new Reply(row.answer.status, answer);
        },
      };
    },
  };
}

/** Whoever calls, where the access says that there is somebody. @throws Failure AUTH_FAILED */
export function caller({ identity }: { readonly identity: Identity | undefined }): Identity {
  if (identity === undefined) throw new Failure("AUTH_FAILED");
  return identity;
}
