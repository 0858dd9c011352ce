// Whether files have changed since something was made of them: a digest of their names and contents, kept beside the result.
// Contents, not times: a clone, a copy or a change of branch touches times without changing anything.
// @ts-check
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/**
 * @param {string} root what the names are relative to
 * @param {readonly string[]} files absolute paths
 * @param {readonly string[]} [facts] anything else that the result depends on
 * @returns {string} the digest, in hexadecimal
 */
export function fingerprint(root, files, facts = []) {
  const hash = createHash("sha256").update(JSON.stringify(facts));
  for (const file of [...files].sort())
    hash.update(`\0${relative(root, file).replaceAll(sep, "/")}\0`).update(readFileSync(file));
  return hash.digest("hex");
}

/**
 * The digest that was kept, or undefined.
 * @param {string} file
 */
export function kept(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // never made: the caller makes it
  }
}

/**
 * @param {string} file
 * @param {string} digest
 */
export function keep(file, digest) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, digest);
}

/**
 * Every file below a directory that is not hidden, as absolute paths.
 * @param {string} directory
 * @returns {string[]}
 */
export function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.name.startsWith(".")) return [];
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}
