// What a refused value's sender is told: which field, and what belongs there.
import { expect, it } from "vitest";
import { z } from "zod";
import * as api from "../../src/contract/api.ts";
import * as messaging from "../../src/contract/messaging.ts";
import { parse } from "../../src/contract/parse.ts";
import * as studyTime from "../../src/contract/study-time.ts";

const failureOf = (schema: z.ZodType, value: unknown): unknown => {
  try {
    return parse(schema, value);
  } catch (error) {
    return error;
  }
};

it("names the first field in the message, and all of them in fields", () => {
  expect(failureOf(z.object({ a: z.int(), b: z.object({ c: z.boolean() }) }), { a: 1.5, b: { c: 0 } })).toMatchObject({
    code: "INVALID_MESSAGE",
    message: "a: Invalid input: expected int, received number",
    fields: {
      a: "Invalid input: expected int, received number",
      "b.c": "Invalid input: expected boolean, received number",
    },
  });
});

const schemas = Object.entries({ ...api, ...messaging, ...studyTime }).filter(([, it]) => it instanceof z.ZodObject);
it.each(schemas)("says what belongs into each field of %s", (_name, schema) => {
  const object = schema as z.ZodObject;
  const wrong = [Symbol("nothing"), () => undefined, [], null, undefined, { strange: true }, "", -1.5];
  const told = wrong.flatMap((value) => {
    const all = Object.fromEntries(Object.keys(object.shape).map((field) => [field, value]));
    return [failureOf(object, value), failureOf(object, all)].flatMap((failure) =>
      Object.values((failure as { fields?: Record<string, string> }).fields ?? {}),
    );
  });
  expect(told.length).toBeGreaterThan(0);
  for (const reason of told) expect(reason).not.toBe("Invalid input");
});
