// Who may import whom. A breach is a design question: move the code, or change this table and say why.
import { builtinModules } from "node:module";
import { describe, expect, it } from "vitest";
import { type Import, importsOf, sourceFiles } from "../support/source-files.ts";

interface Rule {
  /** Parts of src that it may import; `(types)` for those of which it may know the types only. */
  readonly parts: readonly string[];
  /** npm packages that it may import; undefined is any. */
  readonly packages?: readonly string[];
  /** False where the code must run in a browser too, or is pure. */
  readonly node?: false;
}

/** Every part may import itself. The first matching part counts, so the narrower one stands first. */
const rules: Record<string, Rule> = {
  contract: { parts: [], packages: ["zod"], node: false },
  connection: { parts: ["contract"] },
  "web-socket": { parts: ["connection"], packages: [] },
  "engine-io": { parts: ["connection", "web-socket"], packages: [] },
  config: { parts: ["contract", "connection (types)"] },
  store: { parts: ["contract", "config (types)"] },
  cluster: { parts: ["contract", "config"] },
  auth: { parts: ["contract", "config", "store", "cluster"] },
  "event-log": { parts: ["contract", "store", "cluster"] },
  services: { parts: ["contract", "store", "event-log", "cluster"] },
  realtime: {
    parts: ["contract", "connection", "config", "auth", "store/batching", "cluster", "event-log", "services (types)"],
  },
  namespaces: { parts: ["contract", "connection", "config", "auth", "realtime", "services", "event-log", "cluster"] },
  "raw/dialects": { parts: ["contract", "connection", "raw/codec"], packages: [], node: false },
  "raw/codec": { parts: ["contract", "connection"], packages: [], node: false },
  raw: {
    parts: ["contract", "connection", "config", "web-socket", "raw/codec", "raw/dialects"],
    packages: ["socket.io", "socket.io-parser", "engine.io", "engine.io-parser"],
  },
  http: {
    parts: [
      "contract",
      "connection",
      "config",
      "auth",
      "services",
      "event-log",
      "cluster",
      "store",
      "realtime (types)",
    ],
  },
  console: { parts: ["contract", "config", "http"] },
  client: { parts: ["contract"], node: false },
  emitter: { parts: ["contract"] },
  process: { parts: ["app", "config", "http", "console"] },
  "main.ts": { parts: ["config", "process"] },
  app: {
    parts: [
      ...["contract", "connection", "config", "auth", "store", "cluster", "event-log", "services", "realtime"],
      ...["namespaces", "web-socket", "engine-io", "raw", "raw/dialects", "http", "console"],
    ],
  },
};

/** Parts that are not simply a file or a directory; `app` is the composition root. */
const shapes: Record<string, RegExp> = {
  "raw/codec": /^raw\/codec(\.ts$|\/)/,
  app: /^(app|wiring|engines)\.ts$/,
};

const files = sourceFiles("src").filter(({ path }) => path.endsWith(".ts"));
const imports = files.flatMap(importsOf);

/** The part of src that a file belongs to: the first row of the table that it lies under. */
function partOf(path: string): string | undefined {
  const inside = path.replace(/^src\//, "");
  return Object.keys(rules).find(
    (part) => shapes[part]?.test(inside) ?? (inside === part || inside.startsWith(`${part}/`)),
  );
}

/** Why an import is not allowed, or undefined. */
function breach({ from, to, internal, typeOnly }: Import): string | undefined {
  const part = partOf(from);
  const rule = part === undefined ? undefined : rules[part];
  if (part === undefined || rule === undefined) return `${from}: a part that the table does not know`;
  if (!internal) {
    const isNode = to.startsWith("node:");
    if (!isNode && builtinModules.includes(to)) return `${from} → ${to}: write node:${to}`;
    const name = to
      .split("/")
      .slice(0, to.startsWith("@") ? 2 : 1)
      .join("/");
    const allowed = isNode ? rule.node !== false : (rule.packages?.includes(name) ?? true);
    return allowed ? undefined : `${from} → ${to}: ${part} may not import it`;
  }
  if (!to.startsWith("src/")) return `${from} → ${to}: outside src`;
  const target = partOf(to);
  const fine =
    target === part ||
    rule.parts.some(
      (allowed) =>
        allowed === target || to.startsWith(`src/${allowed}/`) || (typeOnly && allowed === `${target} (types)`),
    );
  return fine ? undefined : `${from} → ${to}: ${part} may not import ${typeOnly ? "types of " : ""}${target}`;
}

/** A way from a file back to itself, for each file that has one. */
function cycles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file);
    if (at >= 0) found.push([...way.slice(at), file].join(" → "));
    if (at >= 0 || done.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  return found;
}

describe("imports", () => {
  it("are found at all", () => {
    expect(imports).toContainEqual({
      from: "src/config/config.ts",
      to: "src/config/fields.ts",
      internal: true,
      typeOnly: true,
    });
    expect(imports).toContainEqual({ from: "src/config/config.ts", to: "zod", internal: false, typeOnly: false });
    const text = `// import { a } from "no";\nimport a, {\n  b,\n} from "./b.ts";\nexport * from "./c.ts";\nimport "d";\nconst e = await import("../e.ts");`;
    expect(importsOf({ path: "src/x/y.ts", text }).map(({ to }) => to)).toEqual([
      "src/x/b.ts",
      "src/x/c.ts",
      "d",
      "src/e.ts",
    ]);
  });

  it("go in the allowed directions only", () => {
    expect(imports.map(breach).filter((line) => line !== undefined)).toEqual([]);
  });

  it("would be caught going astray", () => {
    const astray = (from: string, to: string, internal = true, typeOnly = false) =>
      breach({ from, to, internal, typeOnly });
    expect(astray("src/raw/engine.ts", "src/services/rooms.ts")).toMatch("raw may not import services");
    expect(astray("src/realtime/auth.ts", "src/services/rooms.ts")).toMatch("realtime may not import services");
    expect(astray("src/realtime/auth.ts", "src/services/rooms.ts", true, true)).toBeUndefined();
    expect(astray("src/contract/ids.ts", "node:fs", false)).toMatch("contract may not import it");
    expect(astray("src/raw/dialects/gateway.ts", "src/raw/engine.ts")).toMatch("raw/dialects may not import raw");
    expect(astray("src/services/rooms.ts", "src/http/http-server.ts")).toMatch("services may not import http");
    expect(astray("src/new/thing.ts", "zod", false)).toMatch("does not know");
    expect(astray("src/event-log/append.ts", "test/support/redis.ts")).toMatch("outside src");
    expect(astray("src/loose.ts", "zod", false)).toMatch("does not know");
    expect(astray("src/app.ts", "src/process/signals.ts")).toMatch("app may not import process");
    expect(astray("src/main.ts", "src/app.ts")).toMatch("main.ts may not import app");
  });

  it("need a folder: only the composition root and the entry point lie loose in src", () => {
    const loose = files.map(({ path }) => path).filter((path) => !path.slice("src/".length).includes("/"));
    expect(loose.sort()).toEqual(["src/app.ts", "src/engines.ts", "src/main.ts", "src/wiring.ts"]);
  });

  it("make no circle", () => {
    const edges = new Map(
      files.map((file) => [
        file.path,
        importsOf(file)
          .filter((i) => i.internal)
          .map((i) => i.to),
      ]),
    );
    expect(cycles(edges)).toEqual([]);
    expect(
      cycles(
        new Map([
          ["a", ["b"]],
          ["b", ["c"]],
          ["c", ["b"]],
        ]),
      ),
    ).toEqual(["b → c → b"]);
  });
});
