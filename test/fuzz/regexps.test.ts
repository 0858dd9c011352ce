// Regular expressions take linear time on the longest text that anybody can send to them.
import { describe, expect, it } from "vitest";
import { regexpsOf, slowTextFor } from "../support/regexps.ts";
import { sourceFiles } from "../support/source-files.ts";

/** What Node takes of a request's line and headers. */
const HEADERS = 16_384;
/** A body, a frame, or what a client reads of one. */
const BODY = 524_288;
/** A token of the page's own login; the server takes none that is longer. */
const TOKEN = 4_096;
/** Read by whoever runs the server, who may wait: settings, URLs of servers, what a database says. */
const OPERATOR = 0;

/** The longest text, in characters, that reaches the expressions of a part of the source. The first that matches counts. */
const LONGEST: readonly (readonly [part: string, characters: number])[] = [
  ["src/auth/", HEADERS],
  ["src/connection/", HEADERS],
  ["src/console/page/", OPERATOR],
  ["src/console/", HEADERS],
  ["src/client/claims.ts", TOKEN],
  ["src/emitter/api.ts", OPERATOR],
  ["src/web-socket/extension-offers.ts", HEADERS],
  ["src/web-socket/opening-handshake.ts", HEADERS],
  ["src/config/", OPERATOR],
  ["src/process/", OPERATOR],
  ["src/store/", OPERATOR],
  ["src/", BODY],
];

const files = sourceFiles("src").filter(({ path }) => path.endsWith(".ts"));
const found = files.flatMap(regexpsOf);
const longestAt = (path: string): number => LONGEST.find(([part]) => path.startsWith(part))?.[1] ?? BODY;
const measured = found.filter(({ path }) => longestAt(path) > OPERATOR);

describe("regular expressions", () => {
  it("are found", () => {
    const text = 'const a = /^x\\/[/]$/i; // /no/\nf("/no/", b / c / d, /\\s+/.test(e)); return /y/g;';
    expect(regexpsOf({ path: "p", text }).map(({ regexp }) => String(regexp))).toEqual([
      "/^x\\/[/]$/i",
      "/\\s+/",
      "/y/g",
    ]);
    expect(found).toContainEqual({ path: "src/auth/host-names.ts", regexp: /:(\d+)$/ });
    expect(measured.length).toBeGreaterThan(20);
  });

  it("that are built from text are known", () => {
    const built = files.filter(({ text }) => /\bRegExp\(/.test(text)).map(({ path }) => path);
    // It sees texts of at most 64 characters.
    expect(built).toEqual(["src/contract/time.ts"]);
  });

  it.each([/\s+$/, /^(a+)+$/, /a*b/g, /^bearer\s+(.*?)\s*$/i, /(x[^y]*)*y/])("like %s would be caught", (regexp) => {
    expect(slowTextFor(regexp, HEADERS / 2)).toBeDefined();
  });

  it.each([/^\s+/, /^[a-z]+$/, /:(\d+)$/, /^bearer (\S+)$/i, /[^a]/g])("like %s are let pass", (regexp) => {
    expect(slowTextFor(regexp, HEADERS)).toBeUndefined();
  });

  it.each(measured.map(({ path, regexp }) => [path, regexp] as const))("of %s: %s", (path, regexp) => {
    expect(slowTextFor(regexp, longestAt(path))).toBeUndefined();
  });
});
