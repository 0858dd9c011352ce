// What the documents promise: every setting, event, call, error, dialect, script and file they name is there, and none is left out.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readmeDocument } from "../../scripts/readme-parts.ts";
import { variables } from "../../src/config/config.ts";
import { API } from "../../src/contract/api.ts";
import { ERRORS } from "../../src/contract/errors.ts";
import { NAMESPACES } from "../../src/contract/namespaces.ts";
import { DIALECTS } from "../../src/raw/dialects/table.ts";
import { root, type SourceFile, sourceFiles, withoutComments } from "../support/source-files.ts";

const read = (path: string): SourceFile => ({ path, text: readFileSync(join(root, path), "utf8") });
const readme = read("README.md").text;
const documents = [
  ...["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"].map(read),
  ...[...sourceFiles("docs"), ...sourceFiles("client-examples")].filter(({ path }) => path.endsWith(".md")),
];
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(read("package.json").text));

/** The rows of the table of the README whose heading begins so, as cells. */
function table(heading: string): string[][] {
  const lines = readme.split("\n");
  const first = lines.findIndex((line) => line.startsWith(`| ${heading} |`)) + 2;
  expect(first, heading).toBeGreaterThan(1);
  const length = lines.slice(first).findIndex((line) => !line.startsWith("|"));
  return lines.slice(first, first + length).map((line) => line.split("|").slice(1, -1));
}

/** What is written as code in a text. */
const code = (text = ""): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span);
const first = (heading: string): string[] => table(heading).flatMap(([cell]) => code(cell));

describe("the README", () => {
  it("names settings that there are, with their defaults", () => {
    const defaults = parseEnv(read(".env.example").text);
    const rows = table("variable").map(([names, value]) => ({ names: code(names), values: code(value) }));
    expect(rows.flatMap(({ names }) => names).filter((name) => !Object.hasOwn(variables, name))).toEqual([]);
    for (const { names, values } of rows) {
      const literal = names.map((name) => defaults[name]).filter(Boolean);
      expect(values.slice(0, literal.length), names.join()).toEqual(literal);
    }
  });

  it("lists every event of every namespace", () => {
    const listed = table("namespace").map(([name, kept, now, sends]) => ({
      name: code(name)[0],
      hears: [...code(kept), ...code(now)].sort(),
      sends: code(sends).sort(),
    }));
    // Every namespace takes refresh_token; a sentence says so.
    const there = NAMESPACES.map(({ name, server, client }) => ({
      name,
      hears: Object.keys(server).sort(),
      sends: Object.keys(client)
        .filter((event) => event !== "refresh_token")
        .sort(),
    }));
    expect(listed).toEqual(there);
  });

  it("lists every call of the HTTP API", () => {
    const routes = Object.values(API).map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    const listed = [...first("call"), ...first("page")].map((call) => call.replace(/\?.*/, ""));
    expect(listed.sort()).toEqual(routes.sort());
  });

  it("has its tables of events and calls as the rows give them: npm run docs changes nothing", () => {
    expect(readmeDocument(readme)).toBe(readme);
    expect(readmeDocument(readme.replaceAll("`sendToRoom`", "`sendRoom`"))).toBe(readme);
    expect(() => readmeDocument(readme.replace("generated: pages", "generated: sites"))).toThrow(
      "nothing generates sites",
    );
    expect(() => readmeDocument("")).toThrow("no place for events, calls, pages");
  });

  it("lists every error code", () => {
    expect(first("code").sort()).toEqual(Object.keys(ERRORS).sort());
  });

  it("gives the address of every dialect", () => {
    const addresses = table("dialect").map(([, url]) => /ws:\/\/…([^?`]*)/.exec(url ?? "")?.[1]);
    expect(addresses).toEqual(DIALECTS.map(({ path }) => path));
  });

  it("lists every npm script", () => {
    const own = Object.keys(scripts).filter((name) => !/^pre/.test(name));
    const listed = first("command").map((command) => command.replace(/^npm (run )?/, ""));
    expect(listed.sort()).toEqual(own.sort());
  });
});

describe("every document", () => {
  it("names npm scripts that there are", () => {
    const named = documents.flatMap(({ text }) =>
      [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = ""]) => name),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it("names variables and codes that something reads or says", () => {
    const programs = ["bench", "scripts", "test", "client-examples"].flatMap(sourceFiles);
    const known = (name: string) =>
      Object.hasOwn(variables, name) ||
      Object.hasOwn(ERRORS, name) ||
      programs.some(({ path, text }) => !path.endsWith(".md") && text.includes(name));
    const shell = ["SERVICE_TOKEN"]; // of an example: the reader's own
    const names = documents.flatMap(({ text }) => text.match(/\b[A-Z]{2,}(_[A-Z]+)+\b/g) ?? []);
    expect([...new Set(names)].filter((name) => !known(name) && !shell.includes(name))).toEqual([]);
  });

  it("links to files that there are", () => {
    const broken = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)]
        .map(([, to = ""]) => join(dirname(path), to))
        .filter((to) => !existsSync(join(root, to))),
    );
    expect(broken).toEqual([]);
  });

  it("names files of the project that there are", () => {
    const named = documents.flatMap(
      ({ text }) => text.match(/\b(src|bench|test|scripts|deploy|prisma)\/[\w./-]*\w/g) ?? [],
    );
    expect(named.length).toBeGreaterThan(5);
    // What docs/adding-an-event.md adds is there once somebody has followed it.
    const made = ["test/scenarios/assignments.test.ts"];
    expect(named.filter((path) => !existsSync(join(root, path)) && !made.includes(path))).toEqual([]);
  });
});

describe("CONTRIBUTING", () => {
  const text = read("CONTRIBUTING.md").text;

  /** The files of `src` in the table below a heading. */
  function listed(model: string): string[] {
    const [, section = ""] = text.split(new RegExp(`^### .*, as \`${model}\`$`, "m"));
    const rows = section.split(/^#/m, 1)[0]?.match(/^\| `.*$/gm) ?? [];
    return rows.flatMap((row) => code(row.split("|")[1])).sort();
  }

  /** The files of `src` whose code has a name as a whole word. */
  function naming(name: string): string[] {
    const word = new RegExp(`(?<![\\w-])${name}(?![\\w-])`);
    return sourceFiles("src")
      .filter(({ path, text }) => path.endsWith(".ts") && word.test(withoutComments(text)))
      .map(({ path }) => path)
      .sort();
  }

  it.each(["quiz_completed", "addQuiz", "roomsPerSocket", "TOO_LARGE"])("lists the files that name %s", (name) => {
    expect(listed(name)).toEqual(naming(name));
  });

  it("lists every test of the architecture", () => {
    const named = new Set(text.match(/test\/architecture\/[\w-]+\.test\.ts/g));
    const there = sourceFiles("test/architecture").map(({ path }) => path);
    expect([...named].sort()).toEqual(there.filter((path) => path.endsWith(".test.ts")).sort());
  });
});

it("every script of package.json runs a file that is there", () => {
  const files = Object.values(scripts).flatMap((script) => script.match(/\b(scripts|bench)\/[\w./-]+/g) ?? []);
  expect(files.length).toBeGreaterThan(10);
  expect(files.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
