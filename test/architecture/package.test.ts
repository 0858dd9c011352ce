// What others get: the published package, unpacked into somebody's project, type-checks there, loads and starts.
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { startChild } from "../support/child.ts";
import { ensureBuilt } from "../support/shared.ts";
import { root } from "../support/source-files.ts";

const Manifest = z.object({
  bin: z.record(z.string(), z.string()),
  exports: z.record(z.string(), z.union([z.string(), z.object({ types: z.string(), default: z.string() })])),
});
const manifest = Manifest.parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
const entries = Object.entries(manifest.exports).flatMap(([name, entry]) => (typeof entry === "string" ? [] : [name]));
const run = promisify(execFile);
const project = mkdtempSync(join(tmpdir(), "classwire-user-"));
const installed = join(project, "node_modules", "classwire");

beforeAll(async () => {
  await ensureBuilt();
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", project], { cwd: root });
  mkdirSync(installed, { recursive: true });
  const [archive = ""] = readdirSync(project).filter((name) => name.endsWith(".tgz"));
  await run("tar", ["-xzf", join(project, archive), "-C", installed, "--strip-components=1"]);
  // Its dependencies and the types for them are those that are here already, instead of a second download.
  for (const name of new Set([...productionPackages(), ...typePackages()])) {
    mkdirSync(dirname(join(project, "node_modules", name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(project, "node_modules", name));
  }
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** What `npm install --omit=dev` would install beside the package. */
function productionPackages(): string[] {
  const Lock = z.object({
    packages: z.record(z.string(), z.object({ dev: z.boolean().default(false), devOptional: z.boolean().optional() })),
  });
  const { packages } = Lock.parse(JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")));
  return Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !dev && !devOptional)
    .map(([path]) => path.slice("node_modules/".length))
    .filter((name) => existsSync(join(root, "node_modules", name))); // others are for other platforms
}

function typePackages(): string[] {
  return readdirSync(join(root, "node_modules", "@types")).map((name) => `@types/${name}`);
}

describe("the published package", () => {
  it("has the entries and the command that are promised", () => {
    const promised = [".", "./client", "./emitter", "./package.json", "./protocol"];
    expect(Object.keys(manifest.exports).sort()).toEqual(promised);
    expect(manifest.bin).toEqual({ classwire: "dist/main.js" });
    expect(readFileSync(join(installed, "dist/main.js"), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it.each(entries)("loads from %s", async (entry) => {
    const code = "console.log(Object.keys(await import(process.argv[1])).length)";
    const name = join("classwire", entry);
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", code, name], { cwd: project });
    expect(Number(stdout)).toBeGreaterThan(0);
  });

  it.each(entries)("gives %s types that a strict project takes", async (entry) => {
    const file = join(project, `user${entries.indexOf(entry)}.ts`);
    const name = join("classwire", entry);
    // A type that was lost on the way is `any`, which would pass for everything.
    const lines = [
      `import * as entry from "${name}";`,
      "type Lost<T> = 0 extends 1 & T ? true : false;",
      "type Any = { [K in keyof typeof entry]: Lost<(typeof entry)[K]> }[keyof typeof entry];",
      'export const verdict: true extends Any ? "lost" : "kept" = "kept";',
    ];
    writeFileSync(file, lines.join("\n"));
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const options = [
      "--strict",
      "--noEmit",
      "--module",
      "nodenext",
      "--target",
      "es2023",
      "--types",
      "node",
      "--skipLibCheck",
    ];
    const { stdout } = await run(process.execPath, [tsc, ...options, file], { cwd: project }).catch((error: unknown) =>
      z.object({ stdout: z.string() }).parse(error),
    );
    expect(stdout).toBe("");
  });

  it.each(["development", "production"])("starts in %s without any development dependency", async (mode) => {
    const settings = { HOST: "127.0.0.1", PORT: "0", DATABASE_URL: "memory:", JWT_SECRET: "x".repeat(32) };
    const env = { PATH: process.env["PATH"], NODE_ENV: mode, DRAIN_DELAY_SECONDS: "0", ...settings };
    const server = startChild(process.execPath, [join(installed, "dist/main.js")], { cwd: project, env });
    expect(await server.line(/"msg":"listening"/, 90_000)).toContain("http://127.0.0.1:");
    server.kill("SIGTERM");
    expect(await server.exited).toEqual({ code: 0, signal: null });
  });

  it("brings the migrations, the license and no leftovers of the build", () => {
    const paths = readdirSync(installed, { recursive: true, encoding: "utf8" });
    expect(paths.filter((path) => /^prisma\/migrations\/.*\.sql$/.test(path)).length).toBeGreaterThan(0);
    expect(paths).toContain("LICENSE");
    expect(paths.filter((path) => /\.build|\.test\.|^(test|src|scripts)\//.test(path))).toEqual([]);
  });
});
