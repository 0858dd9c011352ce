// Functions in source text, found by the layout that the formatter gives them: a block ends where its indentation returns.
import type { SourceFile } from "./source-files.ts";

/** A function, method or arrow function with a body. */
export interface FoundFunction {
  readonly path: string;
  /** The line that it begins in, counted from 1. */
  readonly line: number;
  /** The first line of its head. */
  readonly head: string;
  /** From the first line of its head to the brace that closes it. */
  readonly lines: number;
}

/** Keywords that stand before a block which is no function. */
const BLOCK = /^(\} )?(if|else|for|while|do|switch|try|catch|finally|class|abstract class|interface|enum|namespace)\b/;

/** Every function of a formatted TypeScript or JavaScript file that has a body of several lines. */
export function functionsOf({ path, text }: SourceFile): FoundFunction[] {
  const lines = text.split("\n");
  return lines.flatMap((line, end) => {
    if (!/^\s*\}/.test(line)) return [];
    const start = headOf(lines, end);
    if (start === undefined) return [];
    const head = (lines[start] ?? "").trim();
    return [{ path, line: start + 1, head, lines: end - start + 1 }];
  });
}

/** The line in which the function begins that a line closes; undefined when it closes something else. */
function headOf(lines: readonly string[], end: number): number | undefined {
  const indent = indentOf(lines[end] ?? "");
  let start = previousAt(lines, end, indent);
  const opening = lines[start]?.trim() ?? "";
  if (!/(\{|\(\{)$/.test(opening) || /^\/\/|^\*/.test(opening)) return undefined;
  const isArrow = /=> \(?\{$/.test(opening);
  // A head of several lines: `): Result {` closes the list of parameters that began before.
  while (/^[)\]}>]/.test(lines[start]?.trim() ?? "") && start > 0) start = previousAt(lines, start, indent);
  const head = lines[start]?.trim() ?? "";
  if (isArrow) return start;
  if (BLOCK.test(opening.replace(/^(export|default) /g, "")) || BLOCK.test(head.replace(/^export (default )?/, "")))
    return undefined;
  const isFunction = /^(export )?(default )?(async )?function\b|\bfunction\b[^"'`]*\{$/.test(head);
  const isMethod =
    /^(public |private |protected |static |override |async |get |set |\*)*[#\w]+(<.*>)?\(/.test(head) &&
    /^.*\)(: .*)? \{$/.test(opening);
  return isFunction || isMethod ? start : undefined;
}

/** The nearest line above that has this indentation and is not blank. */
function previousAt(lines: readonly string[], from: number, indent: number): number {
  for (let at = from - 1; at >= 0; at--) {
    const line = lines[at] ?? "";
    if (line.trim() !== "" && indentOf(line) <= indent) return at;
  }
  return 0;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
