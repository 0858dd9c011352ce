// What a refused value's sender is told: which field, and what belongs there.
import { expect, it } from "vitest";
import { z } from "zod";
import { API } from "../../src/contract/api.ts";
import type { CallRow } from "../../src/contract/calls.ts";
import * as messaging from "../../src/contract/messaging.ts";
import { disconnectBody, eventsQuery } from "../../src/contract/operations.ts";
import { parse } from "../../src/contract/parse.ts";
import { broadcastBody } from "../../src/contract/publishing.ts";
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
    message: "a must be a whole number",
    fields: {
      a: "must be a whole number",
      "b.c": "must be true or false",
    },
  });
});

const bodies = Object.fromEntries(Object.values(API).map((row: CallRow) => [row.operationId, row.body]));
const schemas = Object.entries({ ...bodies, ...messaging, ...studyTime }).filter(([, it]) => it instanceof z.ZodObject);
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
