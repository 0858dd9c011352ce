// Values on the raw path: what PostgreSQL writes as text is read as the value that it is, arrays included.
import { describe, expect, it } from "vitest";
import { parserOf, toText } from "../../src/store/values.ts";

const TEXTS = 1009;
const INTEGERS = 1007;

describe("an array", () => {
  it.each([
    ["{}", []],
    ["{a,b}", ["a", "b"]],
    ["{NULL,null}", [null, "null"]],
    ['{"NULL",""}', ["NULL", ""]],
    ['{"a \\"b\\" \\\\c","{,}"}', ['a "b" \\c', "{,}"]],
    ["{{1,2},{3,NULL}}", [["1", "2"], ["3", null]]], // biome-ignore format: as the table has it
    ["[2:3]={a,b}", ["a", "b"]],
    ['{"x\ny"}', ["x\ny"]],
  ])("is read from %s, and written so that it is read as the same", (text, expected) => {
    expect(parserOf(TEXTS)(text)).toEqual(expected);
    expect(parserOf(TEXTS)(toText(expected) ?? "")).toEqual(expected);
  });

  it("has elements of its type, and null where there is none", () => {
    expect(parserOf(INTEGERS)("{1,NULL,2}")).toEqual([1, null, 2]);
  });
});
