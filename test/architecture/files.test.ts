// What every file keeps to: a purpose in its first line, a size that one can read, a name that says something, no state.
import { describe, expect, it } from "vitest";
import { type SourceFile, sourceFiles, withoutComments } from "../support/source-files.ts";

const src = sourceFiles("src");
const code = src.filter(({ path }) => path.endsWith(".ts"));
const tests = sourceFiles("test").filter(({ path }) => path.endsWith(".ts"));
const scripts = sourceFiles("scripts");

const lines = ({ text }: SourceFile): number => text.trimEnd().split("\n").length;

/** `path:line text` of every line of code (comments and the like left out) that matches. */
function matches(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    withoutComments(text)
      .split("\n")
      .flatMap((line, at) => (pattern.test(line) ? [`${path}:${at + 1} ${line.trim()}`] : [])),
  );
}

/** What a file begins with: its purpose as a comment in its language, in more than a word or two. */
function saysItsPurpose({ path, text }: SourceFile): boolean {
  const [first = "", second = ""] = text.split("\n");
  const line = first.startsWith("#!") ? second : first;
  return (path.endsWith(".lua") ? /^-- \S+ \S+ \S+/ : /^(\/\/|\/\*\*?) \S+ \S+ \S+/).test(line);
}

/** What would be state that all users of a module share: variables, collections that are filled later, live objects. */
const moduleState = [
  /^(export )?(let|var)\b/,
  /^(export )?const \w+(: [^=]+)? = new (Map|Set|WeakMap|WeakSet|Array)(<.*>)?\(\)/,
  /^(export )?const \w+(: (?!readonly |Readonly)[^=]+)? = (\[\]|\{\});/,
  /^(export )?const \w+(: [^=]+)? = new (EventEmitter|PrismaClient|Server|Registry|AsyncLocalStorage)\b/,
  /\bglobalThis\.\w+ (\?\?)?= /,
];

/** The lines that keep state: those above, and constants of the module that some line of it changes. */
function stateIn(file: SourceFile): string[] {
  const constants = file.text.matchAll(/^(?:export )?const (\w+)[^=]* = (?:new (?:Map|Set)|\[|\{)/gm);
  const changes = [...constants].map(
    ([, name]) => new RegExp(`\\b${name}\\.(add|set|delete|clear|push|splice|shift)\\(`),
  );
  return [...moduleState, ...changes].flatMap((pattern) => matches([file], pattern));
}

describe("every file", () => {
  it("says what it is for in its first line", () => {
    const all = [...code, ...src.filter(({ path }) => path.endsWith(".lua")), ...tests, ...scripts];
    expect(all.filter((file) => !saysItsPurpose(file)).map(({ path }) => path)).toEqual([]);
  });

  it("can be read at one sitting: 300 lines at most, tests 400", () => {
    const long = [...src, ...scripts].filter((file) => lines(file) > 300);
    expect([...long, ...tests.filter((file) => lines(file) > 400)].map((f) => `${f.path}: ${lines(f)}`)).toEqual([]);
  });

  it("of the source is below 100 lines more often than not", () => {
    const sizes = code.map(lines).sort((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThan(100);
  });

  it("has a name that says what is in it", () => {
    const vague = /(^|[-_./])(utils?|helpers?|managers?)([-_./]|$)/i;
    expect([...src, ...tests, ...scripts].map(({ path }) => path).filter((path) => vague.test(path))).toEqual([]);
  });
});

describe("source code", () => {
  it("reads the environment in config/config.ts only", () => {
    const readers = matches(code, /\bprocess\s*\.\s*env\b|\bprocess\s*\[\s*["']env|\benv\b.*from "node:process"/);
    expect(readers.filter((line) => !line.startsWith("src/config/config.ts:"))).toEqual([]);
    expect(readers.length).toBeGreaterThan(0);
  });

  it("keeps no state in modules", () => {
    expect(code.flatMap(stateIn)).toEqual([]);
  });

  it("would be caught keeping state", () => {
    const state = [
      "let count = 0;",
      "export const seen = new Set<string>();",
      "const rooms: Map<string, Room> = new Map();",
      "const queue: string[] = [];",
      'const names = new Set(["a"]);\\nexport const add = () => names.add("b");',
      "const db = new PrismaClient();",
    ];
    const constants = [
      'const names = new Set(["a"]);',
      "const none: readonly string[] = [];",
      "  let inside = 0;",
      "const limit = 5;",
      "// let it be",
    ];
    const found = (text: string) => stateIn({ path: "x.ts", text }).length > 0;
    expect(state.filter((text) => !found(text))).toEqual([]);
    expect(constants.filter(found)).toEqual([]);
  });

  it("does not go round the type checker or swallow errors", () => {
    const others = [...code, ...tests].filter(({ path }) => path !== OWN);
    expect(matches(others, /\bas any\b|: any\b|<any>|\.catch\(\(\w*\) => \{\s*\}\)/)).toEqual([]);
    const silenced = /@ts-(ignore|nocheck)|catch( \(\w+\))? \{\s*\}/;
    expect([...others, ...scripts].filter(({ text }) => silenced.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it("is finished", () => {
    const open = /\b(TODO|FIXME|XXX)\b|not implemented/i;
    expect(
      [...src, ...tests, ...scripts].filter((f) => open.test(f.text) && f.path !== OWN).map((f) => f.path),
    ).toEqual([]);
  });
});

/** This file names what it looks for. */
const OWN = "test/architecture/files.test.ts";

it("no test is skipped, alone or expected to fail", () => {
  expect(tests.length).toBeGreaterThan(5);
  expect(matches(tests, /\b(it|test|describe)(\.\w+)*\.(skip|only|todo|fails|skipIf|runIf)\b/)).toEqual([]);
});
