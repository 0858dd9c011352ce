// Reading the text form of PostgreSQL's arrays.
import { describe, expect, it } from "vitest";
import { parseArray } from "../../src/store/array-text.ts";

const asText = (text: string) => text;

describe("parseArray", () => {
  it.each([
    ["{}", []],
    ["{a,b}", ["a", "b"]],
    ["{NULL,null}", [null, "null"]],
    ['{"NULL",""}', ["NULL", ""]],
    ['{"a \\"b\\" \\\\c","{,}"}', ['a "b" \\c', "{,}"]],
    ["{{1,2},{3,NULL}}", [["1", "2"], ["3", null]]], // biome-ignore format: as the table has it
    ["[2:3]={a,b}", ["a", "b"]],
    ['{"x\ny"}', ["x\ny"]],
  ])("reads %s", (text, expected) => {
    expect(parseArray(text, asText)).toEqual(expected);
  });

  it("turns each element into its value, but not a missing one", () => {
    expect(parseArray("{1,NULL,2}", Number)).toEqual([1, null, 2]);
  });

  it.each(["", "a", "{", "{a", '{"a', "{a}b", '{"a"b}', "{{a}", "{a},"])("refuses %j", (text) => {
    expect(() => parseArray(text, asText)).toThrow("Not an array literal");
  });
});
