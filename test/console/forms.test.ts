// The console's forms make calls that there are, with bodies that their schemas take.
import { describe, expect, it } from "vitest";
import { anyCall, forms } from "../../src/console/page/forms.js";
import { API } from "../../src/contract/api.ts";
import type { CallRow } from "../../src/contract/calls.ts";

const rows: readonly CallRow[] = Object.values(API);

/** The values of a form as it is opened; a field without one is the choice of a learner or of an option. */
function valuesOf(fields: readonly { name: string; kind: string; value?: unknown; options?: string[][] }[]) {
  return Object.fromEntries(
    fields.map(({ name, kind, value, options }) => [name, kind === "learner" ? "123" : (value ?? options?.[0]?.[0])]),
  );
}

/** The row that a call belongs to. */
function rowOf(path: string): CallRow | undefined {
  return rows.find((row) => new RegExp(`^${row.path.replace(/:\w+/g, "[^/]+")}$`).test(path) && row.method !== "get");
}

describe.each(forms)("the form $title", ({ fields, calls }) => {
  it("makes calls as their rows have them", () => {
    const made = (calls as (values: object) => { path: string; body: unknown }[])(valuesOf(fields));
    expect(made.length).toBeGreaterThan(0);
    for (const { path, body } of made)
      expect(rowOf(path)?.body?.safeParse(body), path).toMatchObject({ success: true });
  });
});

it("the form for any call begins with an example, and changes to that of the chosen call", () => {
  const examples = [
    { operationId: "one", method: "post", summary: "Does one", path: "/one", body: { a: 1 } },
    { operationId: "two", method: "put", summary: "Does two", path: "/two", body: [2] },
  ];
  const { fields, calls } = anyCall(examples);
  const values = valuesOf(fields) as { call: string; path: string; body: string };
  expect(calls(values)).toEqual([{ method: "post", path: "/one", body: { a: 1 } }]);
  const fills = fields.flatMap((field) => ("fills" in field ? [field.fills] : []));
  expect(fills.map((fill) => fill?.("two"))).toEqual([{ path: "/two", body: JSON.stringify([2], null, 2) }]);
  expect(calls({ ...values, call: "two" })[0]?.method).toBe("put");
});
