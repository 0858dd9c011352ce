// A route of the API: declared once, and from that both served and documented.
import type { z } from "zod";
import { type ErrorCode, Failure } from "../contract/errors.ts";
import type { Identity } from "../contract/identity.ts";
import { parse } from "../contract/parse.ts";
import { pathOf } from "./paths.ts";
import { Reply } from "./reply.ts";

/**
 * Who may call. `anyone`; `loopback`: anyone on this machine, elsewhere backends; `backend`: role service or admin;
 * `network`: backends, and without a token whoever calls from a trusted network; `self`: backends, and the user that the
 * call is about; `signed-in`: every valid token, the route decides on the rest.
 */
export type Access = "anyone" | "loopback" | "backend" | "network" | "self" | "signed-in";

/** A call as a route's function gets it: every part has passed its schema. */
export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Who calls; undefined where no token was needed. */
  readonly identity: Identity | undefined;
  /** Names the call for good: events appended with it are appended once, however often the call is repeated. */
  readonly eventKey: string | undefined;
}

/** What a call must keep its order with. */
export interface Order {
  /** Calls of the same lane happen one after the other … */
  readonly lane: string;
  /** … unless they are neighbours, of the same route, and differ in this (or have none). */
  readonly apart?: string;
}

/** How a route is written down. */
export interface RouteSpec<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> {
  readonly method: "get" | "post" | "put";
  /** As Express writes it: `/api/v1/rooms/:room/messages`. */
  readonly path: string;
  /** The group that it stands under in the documentation, and what it does in a line. */
  readonly tag: string;
  readonly summary: string;
  readonly access: Access;
  /** Schemas of the parts. A part without a schema is not looked at. */
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** The answer to a call that succeeds. `type` is its media type (JSON). */
  readonly answer: {
    readonly status: number;
    readonly description: string;
    readonly schema: Answer;
    readonly type?: string;
    /** Other states with the same schema. */
    readonly also?: Readonly<Record<number, string>>;
  };
  /** Codes of refusals beyond those that follow from the access, the schemas and the method. */
  readonly fails?: readonly ErrorCode[];
  /** The limit of the body's size (`httpBody`). */
  readonly bodyLimit?: "httpBody" | "batchBody";
  /** Asked so often, by machines, that a line in the log for each would hide the others. */
  readonly quiet?: true;
  /** The user that a call is about, for `self`. */
  about?(call: Pick<Call<z.output<Params>, z.output<Query>, z.output<Body>>, "params" | "body">): string;
  /** For calls whose order matters and is not kept by the log itself, within one batch. */
  order?(body: z.output<Body>): Order;
  /** Does it. Returns the answer's body, or a whole reply where the status is another than the usual one. */
  handle(
    call: Call<z.output<Params>, z.output<Query>, z.output<Body>>,
  ): Promise<z.input<Answer> | Reply<z.input<Answer>>>;
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
export interface Route
  extends Pick<
    RouteSpec<z.ZodType, z.ZodType, z.ZodType, z.ZodType>,
    "method" | "path" | "tag" | "summary" | "access" | "params" | "query" | "body" | "answer" | "fails" | "bodyLimit"
  > {
  readonly quiet: boolean;
  /** Checks the parts. @throws Failure INVALID_MESSAGE naming the field */
  accept(parts: Parts): Accepted;
}

/** Ties the functions of a route to the types of its schemas. */
export function route<
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
  Answer extends z.ZodType = z.ZodUnknown,
>(spec: RouteSpec<Params, Query, Body, Answer>): Route {
  const { about, order, handle, quiet = false, ...shown } = spec;
  const part = <Schema extends z.ZodType>(schema: Schema | undefined, value: unknown) =>
    (schema === undefined ? undefined : parse(schema, value)) as z.output<Schema>;
  return {
    ...shown,
    quiet,
    accept(parts) {
      const params = part(spec.params, parts.params);
      const query = part(spec.query, parts.query);
      const body = part(spec.body, parts.body);
      return {
        path: pathOf(spec.path, parts.params),
        body,
        about: about?.({ params, body }),
        order: order?.(body),
        async run(identity, eventKey) {
          const answer = await handle({ params, query, body, identity, eventKey });
          return answer instanceof Reply ? answer : new Reply(spec.answer.status, answer);
        },
      };
    },
  };
}

/** Whoever calls, where the access says that there is somebody. */
export function caller({ identity }: Pick<Call<unknown, unknown, unknown>, "identity">): Identity {
  if (identity === undefined) throw new Failure("AUTH_FAILED");
  return identity;
}
