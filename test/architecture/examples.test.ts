// Examples: every public function and method has one in its doc comment, and all of them compile.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { root, type SourceFile, sourceFiles } from "../support/source-files.ts";

/** What is public, by file: functions (and interfaces as a whole), and the methods of interfaces with what their examples may use besides. */
const PUBLIC: readonly { path: string; functions?: readonly string[]; methods?: Readonly<Record<string, string>> }[] = [
  {
    path: "src/client/create-client.ts",
    functions: ["createClient"],
    methods: { Client: 'import type { Client } from "classwire/client";\ndeclare const client: Client;' },
  },
  {
    path: "src/client/dashboard.ts",
    methods: {
      DashboardClient:
        'import type { DashboardClient } from "classwire/client";\ndeclare const dashboard: DashboardClient;',
    },
  },
  {
    path: "src/client/channels.ts",
    methods: {
      ChannelsClient:
        'import type { ChannelsClient } from "classwire/client";\ndeclare const channels: ChannelsClient;',
    },
  },
  {
    path: "src/client/study-time.ts",
    methods: {
      StudyTimeClient:
        'import type { StudyTimeClient } from "classwire/client";\ndeclare const study: StudyTimeClient;',
    },
  },
  { path: "src/client/storage.ts", functions: ["memoryStorage", "webStorage"] },
  { path: "src/client/visibility.ts", functions: ["pageVisibility"] },
  { path: "src/client/names.ts", functions: ["channelOf"] },
  { path: "src/emitter/create-emitter.ts", functions: ["createEmitter"] },
  { path: "src/emitter/calls.ts", functions: ["calls"] },
  {
    path: "src/emitter/live.ts",
    methods: { LiveSends: 'import type { LiveSends } from "classwire/emitter";\ndeclare const emitter: LiveSends;' },
  },
  {
    path: "src/emitter/durable.ts",
    functions: ["DurableSends"],
    methods: {
      DurableSends:
        'import { calls, type DurableSends } from "classwire/emitter";\ndeclare const emitter: DurableSends;',
    },
  },
  {
    path: "src/app.ts",
    functions: ["createClasswire"],
    methods: { Classwire: 'import type { Classwire } from "classwire";\ndeclare const classwire: Classwire;' },
  },
  { path: "src/config/config.ts", functions: ["readConfig", "loadConfig"] },
];

interface Documented {
  readonly name: string;
  /** The code of its `@example`; undefined where there is none. */
  readonly example: string | undefined;
}

/** The code of the `@example` in the doc comment that ends right before `at`. */
function exampleBefore(text: string, at: number): string | undefined {
  const before = text.slice(0, at).trimEnd();
  if (!before.endsWith("*/")) return undefined;
  const comment = before.slice(before.lastIndexOf("/**"));
  const [, code] = comment.slice(0, -2).split(/^ *\* @example\n/m);
  return code?.replace(/^ *\* ?/gm, "").trim();
}

function functionsIn({ path, text }: SourceFile, names: readonly string[]): Documented[] {
  return names.map((name) => {
    const at = text.search(new RegExp(`^export (async )?(function|const|interface) ${name}\\b`, "m"));
    return { name: `${path} ${name}`, example: exampleBefore(text, at) };
  });
}

function methodsIn({ path, text }: SourceFile, name: string): Documented[] {
  const start = text.search(new RegExp(`^export interface ${name}\\b`, "m"));
  const end = text.indexOf("\n}\n", start);
  const inside = text.slice(start, end);
  return [...inside.matchAll(/^ {2}(\w+)(<[^(]*>)?\(/gm)].map((found) => ({
    name: `${path} ${name}.${found[1]}`,
    example: exampleBefore(inside, found.index),
  }));
}

const examples = PUBLIC.flatMap(({ path, functions = [], methods = {} }) => {
  const [file] = sourceFiles("src").filter((one) => one.path === path);
  if (file === undefined) throw new Error(`there is no ${path}`);
  return [
    ...functionsIn(file, functions).map((one) => ({ ...one, prelude: "" })),
    ...Object.entries(methods).flatMap(([name, prelude]) => methodsIn(file, name).map((one) => ({ ...one, prelude }))),
  ];
});

describe("every public function and method", () => {
  it("has an example", () => {
    expect(examples.length).toBeGreaterThan(40);
    expect(examples.filter(({ example }) => example === undefined).map(({ name }) => name)).toEqual([]);
  });

  it("has an example that compiles", { timeout: 180_000 }, () => {
    const folder = join(root, "node_modules", ".cache", `classwire-examples-${process.pid}`);
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    mkdirSync(folder, { recursive: true });
    for (const [at, { name, prelude, example }] of examples.entries())
      writeFileSync(join(folder, `${at}.ts`), `// ${name}\n${prelude}\n${example}\nexport {};\n`);
    const config = {
      extends: join(root, "tsconfig.json"),
      compilerOptions: {
        lib: ["ES2023", "DOM"],
        typeRoots: [join(root, "node_modules/@types")],
        noUnusedLocals: false,
        paths: { classwire: [join(root, "src/app.ts")], "classwire/*": [join(root, "src/*/index.ts")] },
      },
      include: [join(folder, "*.ts")],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    let output = "";
    try {
      execFileSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
    } catch (error) {
      output = String((error as { stdout?: unknown }).stdout);
    }
    expect(output).toBe("");
  });
});
