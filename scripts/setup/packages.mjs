// The npm packages: installed from package-lock.json when they are not there, or not those of the lock file.
// @ts-check
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** @typedef {{ isDue(): boolean, run(say: (text: string) => void): void }} Step one thing that setup does when it is due */
/** @typedef {Record<string, { version?: string, integrity?: string, optional?: boolean, link?: boolean }>} Packages */

// Development packages too, whatever NODE_ENV says: the build needs them. No package that we use needs its install script.
const command = ["ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];

/**
 * @param {string} root the project
 * @returns {Step}
 */
export function packagesStep(root) {
  return {
    isDue: () => !isInstalled(root),
    run(say) {
      say("installing packages (npm ci)");
      const npm = process.env["npm_execpath"] ?? "";
      const [program, ...first] = /^npm(-cli)?\.c?js$/.test(basename(npm)) ? [process.execPath, npm] : ["npm"];
      /** @type {import("node:child_process").SpawnSyncOptions} */
      const options = { cwd: root, stdio: ["ignore", "ignore", "inherit"] };
      const { status, error } = spawnSync(String(program), [...first, ...command], options);
      if (status !== 0)
        throw new Error(
          `npm ci failed${error ? ` (${error.message})` : ""}: is the npm registry reachable? Try: npm ${command.join(" ")}`,
        );
    },
  };
}

/**
 * npm writes down what it has installed; every package of the lock file must be there in its version, except those for
 * other platforms (optional ones).
 * @param {string} root
 */
function isInstalled(root) {
  const record = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const installed = packagesOf(record);
  return Object.entries(packagesOf(join(root, "package-lock.json"))).every(
    ([path, { version, integrity, optional }]) =>
      path === "" || optional || (installed[path]?.version === version && installed[path]?.integrity === integrity),
  );
}

/**
 * @param {string} file
 * @returns {Packages}
 */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}
