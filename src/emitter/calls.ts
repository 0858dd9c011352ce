// The durable sends as data: one checked call of the HTTP API each, so that it can go alone or in a batch.
import type { z } from "zod";
import { API } from "../contract/api.ts";
import type { AnswerOf, CallRow, Given } from "../contract/calls.ts";
import { parse } from "../contract/parse.ts";

/** One call: where it goes, its checked body, and what its answer looks like. */
export interface ApiCall<Answer> {
  readonly method: "POST" | "PUT";
  readonly path: string;
  readonly body: unknown;
  readonly answer: z.ZodType<Answer>;
}

type Rows = typeof API;

/** The calls that an emitter makes: all that publish. A batch holds them, and reads nothing. */
type PublishingCall = {
  [Name in keyof Rows]: Rows[Name]["method"] extends "get" ? never : Name extends "batch" ? never : Name;
}[keyof Rows];

type ParametersIn<Path> = Path extends `${string}:${string}/${infer Rest}`
  ? [name: string, ...ParametersIn<Rest>]
  : Path extends `${string}:${string}`
    ? [name: string]
    : [];

/** The parameters of the path in their order, then the body; a user id alone where that is all that the body holds. */
type GivenTo<Name extends keyof Rows> = Name extends "disconnectUser"
  ? [userId: string]
  : [...ParametersIn<Rows[Name]["path"]>, body: Given<Rows[Name], "body">];

/** A maker of calls for every call of the API that publishes, by its `operationId`. */
export type Calls = {
  readonly [Name in keyof Rows as Name extends PublishingCall ? Name : never]: (
    ...given: GivenTo<Name>
  ) => ApiCall<AnswerOf<Rows[Name]>>;
};

/** How many arguments the call of a row takes: its path's parameters, and its body. */
export function arityOf({ path }: CallRow): number {
  return path.split("/:").length;
}

/** The rows of the calls that publish. */
export const PUBLISHING: readonly CallRow[] = Object.values<CallRow>(API).filter(
  ({ method, operationId }) => method !== "get" && operationId !== "batch",
);

/**
 * Calls of the HTTP API, checked when they are made: one for every call that publishes. The parameters of its path come first,
 * then its body. Each throws a `Failure` (`INVALID_MESSAGE`, with the names of the refused fields) for a body that the schema refuses.
 * @example
 * import { calls, createEmitter } from "classwire/emitter";
 *
 * const emitter = createEmitter({ api: { url: "https://live.school.example", token: () => "a service token" } });
 * const [first] = await emitter.batch([
 *   calls.notify({ userId: "123", title: "Quiz", message: "A new quiz is open" }),
 *   calls.sendToRoom("class-7", { text: "The exam is in room B12" }),
 * ]);
 * if (first.ok) console.log(first.value.offset);
 */
export const calls = Object.fromEntries(PUBLISHING.map((row) => [row.operationId, makerOf(row)])) as unknown as Calls;

function makerOf(row: CallRow): (...given: unknown[]) => ApiCall<unknown> {
  return (...given) => {
    const body = row.operationId === "disconnectUser" ? { userId: given[0] } : given[arityOf(row) - 1];
    return {
      method: row.method === "put" ? "PUT" : "POST",
      path: pathOf(row, given),
      body: row.body === undefined ? undefined : parse(row.body, body),
      answer: row.answer.schema,
    };
  };
}

/** The path with its parameters, each checked and encoded as one segment. */
function pathOf({ path, params }: CallRow, given: readonly unknown[]): string {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  if (params === undefined || names.length === 0) return path;
  const checked = parse(params, Object.fromEntries(names.map((name, at) => [name, given[at]])));
  const values = checked as Readonly<Record<string, string>>;
  return path.replace(/:(\w+)/g, (_whole, name: string) => encodeURIComponent(values[name] ?? ""));
}
