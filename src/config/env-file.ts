// The `.env` file: its text whatever editor wrote it, and its variables for what the environment leaves open.
import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";

/** What a file begins with that says how it is encoded (Unicode Standard, 23.8). Node decodes UTF-16 in either order. */
const BYTE_ORDER_MARKS = [
  { bytes: [0xef, 0xbb, 0xbf], encoding: "utf-8" },
  { bytes: [0xff, 0xfe], encoding: "utf-16le" },
  { bytes: [0xfe, 0xff], encoding: "utf-16be" },
] as const;

/**
 * Adds the variables of a file to an environment; those that it has, empty ones too, stay as they are. Does nothing without
 * the file. Read as Node reads it: comments, quotes, values of several lines, `export ` before a name.
 * @throws Error in one line that names the file, when it cannot be read or is no text
 */
export function loadEnvFile(path: string, env: Record<string, string | undefined>): void {
  if (!existsSync(path)) return;
  let text: string;
  try {
    text = decode(readFileSync(path));
  } catch (error) {
    throw new Error(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  // Marks in the middle come from files that were put together; each would become part of a name.
  const lines = text.replace(/\r\n?/g, "\n").replace(/^\uFEFF/gm, "");
  for (const [name, value] of Object.entries(parseEnv(lines))) env[name.trim()] ??= value;
}

/** @throws Error when the bytes are no text in UTF-8, or in UTF-16 with its mark */
function decode(bytes: Uint8Array): string {
  const mark = BYTE_ORDER_MARKS.find((candidate) => candidate.bytes.every((byte, at) => bytes[at] === byte));
  let text: string | undefined;
  try {
    text = new TextDecoder(mark?.encoding ?? "utf-8", { fatal: true }).decode(bytes);
  } catch {
    text = undefined;
  }
  // UTF-16 without its mark, and UTF-32, are full of them.
  if (text === undefined || text.includes("\0")) {
    throw new Error("save it as UTF-8, or as UTF-16 with a byte order mark");
  }
  return text;
}
