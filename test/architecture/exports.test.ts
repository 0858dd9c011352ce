// Whatever a file exports is described: what it is for, and what goes in and out.
import { describe, expect, it } from "vitest";
import { type SourceFile, sourceFiles } from "../support/source-files.ts";

const EXPORT =
  /^export (?:default )?(?:declare )?(?:async )?(?:abstract )?(?:function\*?|const|class|interface|type|enum) ([\w$]+)/;

/** The exported declarations without a doc comment before them, as `path:line name`. Of overloads the first counts. */
function undescribed({ path, text }: SourceFile): string[] {
  const lines = text.split("\n");
  const described = new Set<string>();
  return lines.flatMap((line, at) => {
    const name = EXPORT.exec(line)?.[1];
    if (name === undefined || described.has(name)) return [];
    described.add(name);
    return /\*\/$/.test(lines[at - 1] ?? "") ? [] : [`${path}:${at + 1} ${name}`];
  });
}

describe("every exported declaration", () => {
  it("has a doc comment", () => {
    const code = sourceFiles("src").filter(({ path }) => /\.(ts|js)$/.test(path));
    expect(code.flatMap(undescribed)).toEqual([]);
  });

  it("would be caught without one", () => {
    const text = `// The purpose of the file.
export const a = 1;
/** Described. */
export const b = 2;

export async function c(): Promise<void>;
export async function c(x?: number): Promise<void> {}
/**
 * Described.
 */
export interface D {}
export type { E } from "./e.ts";
// No doc comment.
export type F = string;
`;
    expect(undescribed({ path: "x.ts", text })).toEqual(["x.ts:2 a", "x.ts:6 c", "x.ts:14 F"]);
  });
});
