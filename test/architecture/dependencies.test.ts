// What is installed: nothing below the versions that fixed known holes, nothing unpinned or unused, nothing that Node refuses.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { importsOf, root, sourceFiles } from "../support/source-files.ts";

const names = z.record(z.string(), z.string()).default({});
const Package = z.object({
  version: z.string().default("0.0.0"),
  dev: z.boolean().default(false),
  devOptional: z.boolean().default(false),
  engines: z.union([z.object({ node: z.string().optional() }), z.array(z.string())]).optional(),
});
const Lock = z.object({ packages: z.record(z.string(), Package) });
const Manifest = z.object({
  dependencies: names,
  devDependencies: names,
  overrides: names,
  engines: z.object({ node: z.string() }),
});

const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), "utf8"));
const manifest = Manifest.parse(read("package.json"));
const installed = Object.entries(Lock.parse(read("package-lock.json")).packages)
  .filter(([path]) => path !== "")
  .map(([path, details]) => ({ path, name: path.replace(/^.*node_modules\//, ""), ...details }));

/** The first safe versions. Older ones let one peer exhaust the memory or the processor of a node, or forge a token. */
const minimum = {
  "socket.io": "4.8.4",
  "engine.io": "6.6.11",
  "socket.io-parser": "4.2.7",
  ws: "8.23.0",
  jsonwebtoken: "9.0.3",
  express: "5.3.0",
};

const numbers = (version: string): number[] =>
  version
    .replace(/-.*$/, "")
    .split(".")
    .map((part) => Number.parseInt(part, 10) || 0);

/** Below zero when `a` is the older one, above when it is the newer. */
function compare(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)];
  const at = [0, 1, 2].find((index) => left[index] !== right[index]);
  return at === undefined ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}

/** Whether an `engines` range (alternatives with `||`, each of comparators `>=`, `<`, `^`, `~`, `x`) takes a version of Node. */
function accepts(range: string, version: string): boolean {
  return range.split("||").some((alternative) =>
    [...alternative.matchAll(/(>=|<=|>|<|\^|~|=)?\s*v?(\d+(?:\.\d+)*)((?:\.[x*])*)|\*/g)].every(
      ([all, operator = "", base = "", wild = ""]) => {
        if (all === "*") return true;
        const order = compare(version, base);
        const given = numbers(base);
        const same = (count: number) => given.slice(0, count).every((part, index) => part === numbers(version)[index]);
        if (operator === ">=") return order >= 0;
        if (operator === ">") return order > 0;
        if (operator === "<") return order < 0;
        if (operator === "<=") return order <= 0;
        if (operator === "^") return order >= 0 && same(1);
        if (operator === "~") return order >= 0 && same(Math.min(2, given.length));
        return same(wild === "" && given.length === 3 ? 3 : given.length);
      },
    ),
  );
}

describe("dependencies", () => {
  it.each(Object.entries(minimum))("%s is nowhere below %s", (name, least) => {
    const copies = installed.filter((one) => one.name === name);
    expect(copies.length).toBeGreaterThan(0);
    expect(
      copies.filter(({ version }) => compare(version, least) < 0).map(({ path, version }) => `${path} ${version}`),
    ).toEqual([]);
  });

  it("are pinned to one version each, the one in the lock file", () => {
    const direct = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies, ...manifest.overrides });
    expect(direct.length).toBeGreaterThan(20);
    for (const [name, version] of direct) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
      expect(installed.find(({ path }) => path === `node_modules/${name}`)?.version, name).toBe(version);
    }
  });

  it("are used: those of the published package by src, the others by something in the project", () => {
    const packageOf = (name: string) =>
      name
        .split("/")
        .slice(0, name.startsWith("@") ? 2 : 1)
        .join("/");
    const imported = (directories: readonly string[]) =>
      directories.flatMap((directory) =>
        sourceFiles(directory)
          .filter(({ path }) => /\.(m?ts|m?js)$/.test(path))
          .flatMap(importsOf)
          .flatMap(({ internal, to }) => (internal ? [] : [packageOf(to)])),
      );
    const inSource = new Set(imported(["src"]));
    const generated = ["@prisma/client"]; // by the client in src/store/generated
    expect(
      Object.keys(manifest.dependencies).filter((name) => !inSource.has(name) && !generated.includes(name)),
    ).toEqual([]);
    const anywhere = new Set(imported(["src", "test", "bench", "scripts", "client-examples"]));
    const commands = ["@biomejs/biome", "@vitest/coverage-v8", "prisma", "tsx", "typescript"]; // run as programs, or named in a setting
    const types = (name: string) => {
      const typed = /^@types\/(.+)/.exec(name)?.[1];
      return typed === "node" || (typed !== undefined && anywhere.has(typed));
    };
    expect(
      Object.keys(manifest.devDependencies).filter(
        (name) => !anywhere.has(name) && !commands.includes(name) && !types(name),
      ),
    ).toEqual([]);
  });

  describe.each(["20.19.0", "22.12.0", "24.0.0"])("run on Node %s", (node) => {
    const refusing = (packages: typeof installed) =>
      packages
        .filter(({ engines }) => !Array.isArray(engines) && !accepts(engines?.node ?? "*", node))
        .map(({ path, engines }) => `${path} wants ${JSON.stringify(engines)}`);

    it("where a published package brings them", () => {
      expect(accepts(manifest.engines.node, node)).toBe(true);
      const shipped = installed.filter(({ dev, devOptional }) => !dev && !devOptional);
      expect(shipped.length).toBeGreaterThan(50);
      expect(refusing(shipped)).toEqual([]);
    });

    it("where build and tests need them", () => {
      const tools = Object.keys(manifest.devDependencies);
      expect(refusing(installed.filter(({ path }) => tools.includes(path.replace("node_modules/", ""))))).toEqual([]);
    });
  });

  it("are refused by the Nodes that we do not name", () => {
    expect(["18.20.0", "20.18.0", "22.11.0"].filter((node) => accepts(manifest.engines.node, node))).toEqual([]);
  });

  it.each([
    [">=20.19", true],
    [">= 20.0.0", true],
    [">=22.0.0", false],
    ["^20.19 || ^22.12 || >=24.0", true],
    ["^20.20.0 || >=22.12.0", false],
    [">=18 <20", false],
    ["^16 || ^18 || >=20", true],
    ["20.x", true],
    ["~20.18", false],
    ["18.x || 20.19.0", true],
    ["*", true],
  ])("would be refused by their engines as npm refuses them: %s", (range, accepted) => {
    expect(accepts(range, "20.19.0")).toBe(accepted);
  });
});
