// Rows of HTTP calls: a call is written down once; routes, OpenAPI, documentation and emitter follow from its row.
import type { z } from "zod";
import type { ErrorCode } from "./errors.ts";

/**
 * Who may call. `anyone`; `loopback`: anyone on this machine, elsewhere backends; `backend`: role service or admin;
 * `network`: backends, and without a token whoever calls from a trusted network; `self`: backends, and the user that the
 * call is about; `signed-in`: every valid token, the route decides on the rest.
 */
export type Access = "anyone" | "loopback" | "backend" | "network" | "self" | "signed-in";

/** A call as it is written down. A part without a schema is not looked at. */
export interface CallSpec {
  readonly method: "get" | "post" | "put";
  /** As Express writes it: `/api/v1/rooms/:room/messages`. */
  readonly path: string;
  /** The group that it stands under in the documentation. */
  readonly tag: string;
  /** What it does, in a line. */
  readonly summary: string;
  readonly access: Access;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** The answer to a call that succeeds. `type` is its media type (JSON). */
  readonly answer: {
    readonly status: number;
    readonly description: string;
    readonly schema: z.ZodType;
    readonly type?: string;
    /** Other states with the same schema. */
    readonly also?: Readonly<Record<number, string>>;
  };
  /** Codes of refusals beyond those that follow from the access, the schemas and the method. */
  readonly fails?: readonly ErrorCode[];
  /** A usual case: what goes in and what comes back. */
  readonly example: {
    readonly params?: Readonly<Record<string, string>>;
    readonly query?: Readonly<Record<string, string>>;
    readonly body?: unknown;
    readonly answer: unknown;
  };
}

/** The row of a call. `operationId` is its name, in OpenAPI and as a method of the emitter. */
export interface CallRow extends CallSpec {
  readonly operationId: string;
}

/** Rows by their names. */
export type CallRows<Specs extends Readonly<Record<string, CallSpec>>> = {
  readonly [Name in keyof Specs]: Specs[Name] & { readonly operationId: Name };
};

/** Writes down calls; the key of each is its `operationId`. */
export function calls<const Specs extends Readonly<Record<string, CallSpec>>>(specs: Specs): CallRows<Specs> {
  const rows = Object.entries(specs).map(([operationId, spec]) => [operationId, { ...spec, operationId }]);
  return Object.fromEntries(rows) as CallRows<Specs>;
}

/** What a part of a call is once its schema has taken it; undefined where the row has no such part. */
export type Part<Row extends CallSpec, Name extends "params" | "query" | "body"> = Row extends {
  readonly [Key in Name]: infer Schema extends z.ZodType;
}
  ? z.output<Schema>
  : undefined;

/** What a caller gives for a part of a call. */
export type Given<Row extends CallSpec, Name extends "params" | "query" | "body"> = Row extends {
  readonly [Key in Name]: infer Schema extends z.ZodType;
}
  ? z.input<Schema>
  : undefined;

/** What a call that succeeds is answered. */
export type AnswerOf<Row extends CallSpec> = z.output<Row["answer"]["schema"]>;
