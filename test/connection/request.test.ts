// What is read off a request: one address has one form, a token has one place, and no header is slow to read.
import { describe, expect, it } from "vitest";
import { addressOf, bearerOf, pathOf, queryOf, tokenOf } from "../../src/connection/request.ts";

const from = (remoteAddress: string | undefined) => ({ socket: { remoteAddress } }) as Parameters<typeof addressOf>[0];

it.each([
  ["10.0.0.1", "10.0.0.1"],
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["::FFFF:10.0.0.1", "10.0.0.1"],
  ["::1", "::1"],
  ["::ffff:a00:1", "::ffff:a00:1"],
  [undefined, ""],
])("the address %s is %s", (given, address) => {
  expect(addressOf(from(given))).toBe(address);
});

it("a target has a path and a query", () => {
  expect(pathOf("/ws?token=a?b")).toBe("/ws");
  expect(pathOf(undefined)).toBe("");
  expect({ ...queryOf("/ws?a=1&b=2&b=3&__proto__=x") }).toEqual({ a: "1", b: ["2", "3"], ["__proto__"]: "x" });
  expect(Object.getPrototypeOf(queryOf("/"))).toBeNull();
});

describe("a token", () => {
  it.each([
    ["Bearer a.b.c", "a.b.c"],
    ["bearer   a.b.c  ", "a.b.c"],
    ["BEARER a", "a"],
    ["Bearer a b", undefined],
    ["Bearer ", undefined],
    ["Bearer", undefined],
    ["Basic a", undefined],
    [undefined, undefined],
  ])("of %j is %j", (header, token) => {
    expect(bearerOf(header)).toBe(token);
  });

  it("of the header goes before that of the query, and an empty one is none", () => {
    expect(tokenOf("Bearer a", { token: "b" })).toBe("a");
    expect(tokenOf(undefined, { token: "b" })).toBe("b");
    expect(tokenOf("", { token: "" })).toBeUndefined();
    expect(tokenOf(undefined, { token: ["a", "b"] })).toBeUndefined();
  });
});
