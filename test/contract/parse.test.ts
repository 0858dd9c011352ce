// What a refused value's sender is told: which field, and what belongs there.
import { expect, it } from "vitest";
import { z } from "zod";
import { API } from "../../src/contract/api.ts";
import type { CallRow } from "../../src/contract/calls.ts";
import { Failure } from "../../src/contract/errors.ts";
import { NAMESPACES } from "../../src/contract/namespaces.ts";
import { disconnectBody, eventsQuery } from "../../src/contract/operations.ts";
import { parse } from "../../src/contract/parse.ts";
import { broadcastBody } from "../../src/contract/publishing.ts";
import type { NamespaceRows } from "../../src/contract/rows.ts";

const failureOf = (schema: z.ZodType, value: unknown): unknown => {
  try {
    return parse(schema, value);
  } catch (error) {
    return error;
  }
};

it.each([1.5, "1", null])("says of a whole number what it is, also where it is no number at all: %j", (a) => {
  expect(failureOf(z.object({ a: z.int() }), { a })).toMatchObject({ message: "a must be a whole number" });
});

it("names the first field in the message, and all of them in fields", () => {
  expect(failureOf(z.object({ a: z.int(), b: z.object({ c: z.boolean() }) }), { a: 1.5, b: { c: 0 } })).toMatchObject({
    code: "INVALID_MESSAGE",
    message: "a must be a whole number",
    fields: {
      a: "must be a whole number",
      "b.c": "must be true or false",
    },
  });
});

const calls = Object.values(API).flatMap(({ operationId, params, query, body }: CallRow) =>
  Object.entries({ params, query, body }).map(([part, schema]) => [`${operationId} ${part}`, schema] as const),
);
const events = NAMESPACES.flatMap(({ name, client }: NamespaceRows) =>
  Object.entries(client).map(([event, { payload }]) => [`${name} ${event}`, payload] as const),
);
const schemas = [...calls, ...events].flatMap(([name, schema]) =>
  schema === undefined ? [] : [[name, schema] as const],
);

/** The value with each of its parts, however deep, in turn taken for `wrong`. */
function spoilt(value: unknown, wrong: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [wrong];
  return [
    wrong,
    ...Object.entries(value).flatMap(([key, part]) =>
      spoilt(part, wrong).map((bad) =>
        Array.isArray(value) ? value.with(Number(key), bad) : { ...value, [key]: bad },
      ),
    ),
  ];
}

/** What a schema takes: all that its JSON Schema names, so that every field is there to be spoilt. */
function complete(schema: z.core.JSONSchema.BaseSchema): unknown {
  const { properties, items, anyOf } = schema;
  if (properties !== undefined)
    return Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, complete(one as typeof schema)]));
  if (items !== undefined) return [complete(items as typeof schema)];
  return anyOf === undefined ? "1" : complete(anyOf[0] as typeof schema);
}

it.each(schemas)("says what is wrong with each field of %s, and what is allowed", (_name, schema) => {
  const whole = complete(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));
  const values = [Symbol("nothing"), () => undefined, [], null, undefined, { strange: true }, "", "!".repeat(999_999)];
  const told = [...values, -1.5, 1e300, true].flatMap((wrong) =>
    spoilt(whole, wrong).flatMap((value) => {
      const failure = failureOf(schema, value);
      return failure instanceof Failure ? [failure.message, ...Object.values(failure.fields ?? {})] : [];
    }),
  );
  expect(told.length).toBeGreaterThan(0);
  const voice =
    /^((\w+(\.\w+)* )?(is required|must (be|have|not have) .+)|(exactly one of )?\w+ (and|or) \w+ is required)$/;
  expect([...new Set(told)].filter((sentence) => !voice.test(sentence))).toEqual([]);
});

it.each([
  [{ since: "" }, "since must be a whole number"],
  [{ since: "0x1" }, "since must be a whole number"],
  [{ since: ["1", "2"] }, "since must be given once"],
])("takes plain numbers in a query, each once: %j", (query, message) => {
  expect(failureOf(eventsQuery, query)).toMatchObject({ message });
  expect(parse(eventsQuery, { since: "7" })).toEqual({ since: 7, limit: 100 });
});

it("says of free JSON that it is missing, or too deep", () => {
  expect(failureOf(broadcastBody, { type: "t" })).toMatchObject({ message: "content is required" });
  let deep: unknown = 1;
  for (let level = 0; level < 40; level++) deep = [deep];
  const message = "content must be JSON nested at most 32 deep";
  expect(failureOf(broadcastBody, { type: "t", content: deep })).toMatchObject({ message });
});

it("takes no id that would become another one when it is written down", () => {
  for (const userId of ["\ud800", "a\udc00b", "\u0000"]) {
    const message = expect.stringMatching(/^userId must be well-formed/);
    expect(failureOf(disconnectBody, { userId })).toMatchObject({ message });
  }
  expect(parse(disconnectBody, { userId: "汉😀" })).toEqual({ userId: "汉😀" });
});
