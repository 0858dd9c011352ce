// The project's own source text, for the tests that read it: files below a directory, and what each of them imports.
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's directory. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** One file: its path from the project's directory (with `/`), and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One import, re-export or `import()`. */
export interface Import {
  /** The file that imports. */
  readonly from: string;
  /** A path from the project's directory for a file of the project, else the specifier (`node:fs`, `zod`). */
  readonly to: string;
  readonly internal: boolean;
  /** Erased when compiled: `import type` or `export type`. */
  readonly typeOnly: boolean;
}

/** Every text file below a directory of the project; not hidden ones and not what is generated. */
export function sourceFiles(directory: string): SourceFile[] {
  const found = readdirSync(join(root, directory), { recursive: true, withFileTypes: true });
  const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return paths
    .map((path) => relative(root, path).split(sep).join("/"))
    .filter((path) => !path.startsWith("src/store/generated/") && !path.includes("/."))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }))
    .filter(({ text }) => !text.includes("\0")); // a picture, an archive
}

/** The imports of a TypeScript file. */
export function importsOf({ path, text }: SourceFile): Import[] {
  const code = withoutComments(text);
  const statements = code.matchAll(/^(import|export)\b(\s+type\b)?[^;"']*?\bfrom\s*["']([^"']+)["']/gm);
  const effects = code.matchAll(/^import\s*["']([^"']+)["']/gm);
  const calls = code.matchAll(/\bimport\s*\(\s*["']([^"']+)["']/g);
  return [
    ...[...statements].map(([, , type, to = ""]) => ({ to, typeOnly: type !== undefined })),
    ...[...effects, ...calls].map(([, to = ""]) => ({ to, typeOnly: false })),
  ].map(({ to, typeOnly }) => {
    const internal = to.startsWith(".");
    return { from: path, to: internal ? posix.join(posix.dirname(path), to) : to, internal, typeOnly };
  });
}

/** The text with every comment blank. Strings stay, also those that look like comments (`"http://…"`). */
export function withoutComments(text: string): string {
  const token = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(token, (found) => (found.startsWith("/") ? found.replace(/[^\n]/g, " ") : found));
}
