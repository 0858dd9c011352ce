// Nothing is written twice: no two places of the source have eight or more lines in common.
import { describe, expect, it } from "vitest";
import { type SourceFile, sourceFiles, withoutComments } from "../support/source-files.ts";

/** As many equal lines in a row are a copy. */
const RUN = 8;

/** A line that counts: code, without its indentation. */
interface CodeLine {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** The lines of a file that say something: neither comments nor imports, nor brackets alone. */
function codeLines({ path, text }: SourceFile): CodeLine[] {
  const code = withoutComments(text).replace(/^import\b[^;]*;/gm, (found) => found.replace(/[^\n]/g, " "));
  return code
    .split("\n")
    .map((line, at) => ({ path, line: at + 1, text: line.trim().replace(/\s+/g, " ") }))
    .filter((line) => /\w/.test(line.text) && !/^\W*(else|return|break|default:)?\W*$/.test(line.text));
}

/** Pairs of places with the same run of lines; of a longer run the first place only. */
function copies(files: readonly SourceFile[]): string[] {
  const lines = files.map(codeLines);
  const seen = new Map<string, CodeLine>();
  const found: string[] = [];
  for (const file of lines) {
    let inCopy = false;
    for (let at = 0; at + RUN <= file.length; at++) {
      const run = file.slice(at, at + RUN);
      const key = run.map(({ text }) => text).join("\n");
      const earlier = seen.get(key);
      const [first] = run;
      if (first === undefined) continue;
      if (earlier === undefined) seen.set(key, first);
      else if (!inCopy) found.push(`${earlier.path}:${earlier.line} ~ ${first.path}:${first.line}`);
      inCopy = earlier !== undefined;
    }
  }
  return found;
}

describe("source code", () => {
  it(`has no two places with ${RUN} or more equal lines`, () => {
    const code = sourceFiles("src").filter(({ path }) => /\.(ts|js|lua|css)$/.test(path));
    expect(copies(code)).toEqual([]);
  });

  it("would be caught saying the same twice", () => {
    const body = Array.from({ length: RUN + 2 }, (_, at) => `  call(${at});`);
    const one = { path: "one.ts", text: `import { call } from "./call.ts";\n\n{\n${body.join("\n")}\n}` };
    const two = { path: "two.ts", text: `// Another.\nif (a) {\n  ${body.join("\n\n  // why\n")}\n}` };
    const short = { path: "short.ts", text: body.slice(0, RUN - 1).join("\n") };
    expect(copies([one, two])).toEqual(["one.ts:4 ~ two.ts:3"]);
    expect(copies([one, short])).toEqual([]);
    expect(copies([{ path: "self.ts", text: `${one.text}\n${two.text}` }])).toHaveLength(1);
  });
});
