// The rows of calls: their examples are what their schemas say, and each has a name and a path of its own.
import { expect, it } from "vitest";
import { z } from "zod";
import { API } from "../../src/contract/api.ts";
import type { CallRow } from "../../src/contract/calls.ts";

const rows: readonly CallRow[] = Object.values(API);

it.each(rows)("the example of $operationId is what its schemas say", ({ params, query, body, answer, example }) => {
  const parts = {
    params: [params, example.params],
    query: [query, example.query],
    body: [body, example.body],
  } as const;
  for (const [part, [schema, given]] of Object.entries(parts)) {
    if (schema === undefined) expect(given, part).toBeUndefined();
    else expect(schema.safeParse(given), part).toMatchObject({ success: true });
  }
  expect(answer.schema.parse(example.answer)).toEqual(example.answer);
});

it("each call has a name and a path of its own, and a sentence", () => {
  expect(rows.length).toBeGreaterThan(20);
  expect(new Set(rows.map(({ method, path }) => `${method} ${path}`)).size).toBe(rows.length);
  for (const [name, row] of Object.entries(API)) expect(row.operationId).toBe(name);
  for (const { summary } of rows) expect(summary).toMatch(/^[A-Z]/);
});

it("every parameter of a path has a schema", () => {
  for (const { path, params } of rows) {
    const named = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name);
    expect(params instanceof z.ZodObject ? Object.keys(params.shape) : []).toEqual(named);
  }
});
