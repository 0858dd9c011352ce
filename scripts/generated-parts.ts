// Documents with generated parts: text between `<!-- generated: NAME -->` and `<!-- end -->`, and the Markdown that it is made of.

/** The lines of each generated part of a document, by the part's name. */
export type Parts = Readonly<Record<string, () => readonly string[]>>;

/** The document `path` with each of its generated parts made anew. @throws Error for a part without its lines or its place */
export function withParts(path: string, text: string, parts: Parts): string {
  const missing = new Set(Object.keys(parts));
  const document = text.replace(/(<!-- generated: (\S+) -->\n).*?(<!-- end -->)/gs, (_all, begin, name, end) => {
    const part = missing.delete(name) ? parts[name] : undefined;
    if (part === undefined) throw new Error(`${path}: nothing generates ${name}`);
    return `${begin}${part().join("\n")}\n${end}`;
  });
  if (missing.size > 0) throw new Error(`${path}: no place for ${[...missing].join(", ")}`);
  return document;
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)];
}

/** A text, or another value as JSON, as code. */
export const code = (value: unknown): string => `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
