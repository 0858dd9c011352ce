// dist/: what tsc makes of src, and a copy of every file there that is not TypeScript (Lua scripts, pages) at the same path.
// Files outside src, such as prisma/migrations, are read from the package's root, where they are in a published package too.
// @ts-check
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { filesBelow, fingerprint, keep, kept } from "./fingerprint.mjs";

/**
 * @param {string} root the project
 * @returns {import("./packages.mjs").Step}
 */
export function buildStep(root) {
  const [src, dist] = [join(root, "src"), join(root, "dist")];
  const stamp = join(dist, ".build", "fingerprint"); // in dist, so that it goes when dist goes
  const settings = ["tsconfig.json", "tsconfig.build.json", "package-lock.json"].map((name) => join(root, name));
  const digest = () => fingerprint(root, [...filesBelow(src), ...settings]);
  return {
    isDue: () => kept(stamp) !== digest() || !isComplete(src, dist),
    run(say) {
      say("building dist/");
      const made = digest(); // a file that changes meanwhile makes the next build due
      // tsc remembers what it has written and would not write again what somebody has deleted.
      if (!isComplete(src, dist)) rmSync(join(dist, ".build"), { recursive: true, force: true });
      const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
      /** @type {import("node:child_process").SpawnSyncOptions} */
      const options = { cwd: root, stdio: ["ignore", "inherit", "inherit"] };
      const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], options);
      if (status !== 0) throw new Error("the build failed: the type errors are above");
      for (const asset of filesBelow(src).filter((file) => !isTypeScript(file))) {
        const copy = join(dist, relative(src, asset));
        mkdirSync(dirname(copy), { recursive: true });
        copyFileSync(asset, copy);
      }
      for (const file of filesBelow(dist)) if (!hasSource(src, relative(dist, file))) rmSync(file);
      keep(stamp, made);
    },
  };
}

/**
 * Whether every file of src has its counterpart in dist.
 * @param {string} src
 * @param {string} dist
 */
function isComplete(src, dist) {
  return filesBelow(src).every((file) => existsSync(join(dist, relative(src, file).replace(/\.ts$/, ".js"))));
}

/** @param {string} file */
function isTypeScript(file) {
  return /\.[cm]?tsx?$/.test(file);
}

/**
 * Whether a file of dist comes from one that src (still) has.
 * @param {string} src
 * @param {string} built relative to dist
 */
function hasSource(src, built) {
  const source = built.replace(/\.(js|js\.map|d\.ts|d\.ts\.map)$/, ".ts");
  return existsSync(join(src, source)) || existsSync(join(src, built));
}
