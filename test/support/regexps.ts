// Regular expressions in source text: the literals of a file, and how long one of them takes on texts made against it.
import { createContext, Script } from "node:vm";
import type { SourceFile } from "./source-files.ts";

/** A regular expression of a file. */
export interface FoundRegExp {
  readonly path: string;
  readonly regexp: RegExp;
}

/** Comments, strings, and the parts of a template between its expressions. */
const PASSED = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/y;
const TEMPLATE = /(?:\\[\s\S]|\$(?!\{)|[^\\`$])*(?:`|\$\{)/y;
const LITERAL = /\/((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+)\/([dgimsuvy]*)/y;
/** What stands before a regular expression; before a division there is a value. */
const BEFORE = /(?:[(,=:[!&|?{};+>}]|\breturn|^)\s*$/;

/** Every regular expression that is written in a file, those in the expressions of template strings too. */
export function regexpsOf({ path, text }: SourceFile): FoundRegExp[] {
  const found: FoundRegExp[] = [];
  /** For each template that is open, how many braces are open in its expression. */
  const templates: number[] = [];
  const take = (pattern: RegExp, at: number): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  for (let at = text.startsWith("#!") ? text.indexOf("\n") : 0; at < text.length; ) {
    const char = text[at];
    const inner = templates.length - 1;
    const isTemplate = char === "`" || (char === "}" && templates[inner] === 0);
    const passed = isTemplate ? take(TEMPLATE, at + 1) : take(PASSED, at);
    const literal =
      char === "/" && !passed && BEFORE.test(text.slice(Math.max(0, at - 40), at)) ? take(LITERAL, at) : null;
    if (isTemplate) {
      if (char === "}") templates.pop();
      if (passed?.[0].endsWith("${")) templates.push(0);
      at++;
    } else if (char === "{" && inner >= 0) templates[inner] = (templates[inner] ?? 0) + 1;
    else if (char === "}" && inner >= 0) templates[inner] = (templates[inner] ?? 0) - 1;
    if (literal !== null) found.push({ path, regexp: new RegExp(literal[1] ?? "", literal[2]) });
    at += (passed ?? literal)?.[0].length ?? (isTemplate ? 0 : 1);
  }
  return found;
}

/** Above this time of the processor, in milliseconds, it is asked how the time grows. Linear searches take a fraction of it. */
const SUSPICIOUS_MS = 50;
/** Longer texts show no more: a quadratic search of so many characters takes half a second. */
const LONG_ENOUGH = 32_768;
/** A search that takes longer is not waited for, in milliseconds. */
const GIVEN_UP_MS = 500;
/** Four times the text: four times the time in a linear search, sixteen times in a quadratic one. */
const STEP = 4;
const MOST_GROWTH = 9;

/**
 * The text, described, on which an expression takes more than linear time up to this length; undefined where there is none
 * among those that are tried: its own characters repeated, alone, in pairs and behind its beginning, with an end that is rare.
 */
export function slowTextFor(regexp: RegExp, length: number): string | undefined {
  const at = Math.min(length, LONG_ENOUGH);
  for (const { what, make } of textsAgainst(regexp)) {
    const first = timeOf(regexp, make(at));
    if (first < SUSPICIOUS_MS) continue;
    if (first >= GIVEN_UP_MS) return `${what}, ${at} characters: not waited for`;
    const [part, whole] = [leastTimeOf(regexp, make(at / STEP)), leastTimeOf(regexp, make(at))];
    if (whole >= GIVEN_UP_MS || whole > MOST_GROWTH * Math.max(part, 1))
      return `${what}, ${at} characters: ${Math.round(whole)} ms`;
  }
  return undefined;
}

/** The least of several times: what else the process does, as collecting garbage, only adds to it. */
function leastTimeOf(regexp: RegExp, text: string): number {
  let least = timeOf(regexp, text);
  for (let run = 0; run < 3 && least < GIVEN_UP_MS; run++) least = Math.min(least, timeOf(regexp, text));
  return least;
}

/** How long it takes to test a text and to replace what matches, in milliseconds of the processor. */
function timeOf({ source, flags }: RegExp, text: string): number {
  Object.assign(CONTEXT, { source, flags, text });
  const began = process.cpuUsage();
  try {
    SEARCH.runInContext(CONTEXT, { timeout: GIVEN_UP_MS * 2 }); // others use the processor, too
  } catch {
    return GIVEN_UP_MS;
  }
  return process.cpuUsage(began).user / 1000;
}

const CONTEXT = createContext({});
const SEARCH = new Script(`
  new RegExp(source, flags).test(text);
  text.replace(new RegExp(source, flags), "");
`);

/** How many different characters of an expression are tried. */
const MOST_CHARACTERS = 8;

interface TextAgainst {
  readonly what: string;
  make(length: number): string;
}

function textsAgainst({ source }: RegExp): TextAgainst[] {
  const characters = charactersOf(source);
  const pairs = characters.flatMap((one) => characters.filter((other) => other !== one).map((other) => one + other));
  const [, prefix = ""] = /^\^?((?:\w|[ :"'/-]|\\[/.-])*)/.exec(source) ?? [];
  const plain = prefix.replaceAll("\\", "");
  return [...new Set(["", plain, `${plain} a`])].flatMap((start) =>
    [...characters, ...pairs, start]
      .filter((part) => part !== "")
      .map((part) => ({
        what: `${JSON.stringify(start)} and ${JSON.stringify(part)} repeated`,
        make: (length: number) => `${start}${part.repeat(Math.ceil(length / part.length))}\u0000`,
      })),
  );
}

const CLASSES: Readonly<Record<string, string>> = {
  d: "7",
  w: "a",
  s: " ",
  S: "a",
  D: "a",
  W: "-",
  t: "\t",
  n: "\n",
  r: "\r",
};

/** Characters that the expression names or has a class for, and a blank and a letter in any case. */
function charactersOf(source: string): string[] {
  const found = [" ", "a"];
  for (const [, escaped, plain] of source.matchAll(/\\(.)|([^\\^$.*+?()[\]{}|])/gs)) {
    found.push(escaped === undefined ? (plain ?? "") : (CLASSES[escaped] ?? escaped));
  }
  return [...new Set(found)].slice(0, MOST_CHARACTERS);
}
