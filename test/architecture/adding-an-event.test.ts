// The worked example of docs/adding-an-event.md: its patch still applies, touches what it says, and compiles.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { root } from "../support/source-files.ts";

const page = readFileSync(join(root, "docs/adding-an-event.md"), "utf8");

/** The first block of the page in this language. */
function block(language: string): string {
  const [, text = ""] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "ms").exec(page) ?? [];
  return text;
}

it("changes at most three files of the source", () => {
  const changed = [...block("patch").matchAll(/^\+\+\+ b\/(\S+)$/gm)].map(([, path]) => path);
  expect(changed).toEqual([
    "src/contract/dashboard.ts",
    "src/http/routes/learning.ts",
    "src/raw/dialects/dashboard.ts",
  ]);
  for (const path of changed) expect(block("")).toContain(path);
});

it("compiles, with its test", { timeout: 180_000 }, () => {
  const copy = mkdtempSync(join(tmpdir(), "classwire-example-"));
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  for (const part of ["src", "test", "scripts", "package.json", "tsconfig.json"])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const test = join(copy, "test/scenarios/assignments.test.ts");
  mkdirSync(dirname(test), { recursive: true });
  writeFileSync(test, block("ts"));
  execFileSync("git", ["apply", "-"], { cwd: copy, input: block("patch") });
  const config = { extends: "./tsconfig.json", include: ["src", "test/scenarios/assignments.test.ts"] };
  writeFileSync(join(copy, "tsconfig.example.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  let output = "";
  try {
    execFileSync(process.execPath, [tsc, "-p", "tsconfig.example.json"], { cwd: copy, encoding: "utf8" });
  } catch (error) {
    output = String((error as { stdout?: unknown }).stdout);
  }
  expect(output).toBe("");
});
