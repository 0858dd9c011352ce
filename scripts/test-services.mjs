// Makes sure that the tests find a real Redis, PostgreSQL, PgBouncer and Chromium; as root on a Debian family system it installs them.
// @ts-check
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { findService, howToGet, services } from "./services.mjs";

/**
 * @param {(text: string) => void} say where to report what takes long
 * @throws {Error} in one line that names the command to type
 */
export function ensureTestServices(say) {
  const missing = missingServices();
  if (missing.length === 0) return;
  if (process.getuid?.() === 0 && existsSync("/etc/debian_version")) {
    const packages = missing.map((which) => services[which].debian);
    say(`installing ${packages.join(", ")} for the tests`);
    if (!install(packages, "ignore")) {
      apt(["update"], "inherit"); // an image often comes without package lists
      install(packages, "inherit");
    }
  }
  const still = missingServices();
  if (still.length > 0) throw new Error(howToGet(still));
}

function missingServices() {
  const names = /** @type {(keyof typeof services)[]} */ (Object.keys(services));
  return names.filter((which) => findService(which) === undefined);
}

/**
 * @param {readonly string[]} packages
 * @param {"ignore" | "inherit"} errors what becomes of apt's own words
 */
function install(packages, errors) {
  return apt(["install", "-y", "--no-install-recommends", ...packages], errors);
}

/**
 * @param {readonly string[]} args
 * @param {"ignore" | "inherit"} errors
 */
function apt(args, errors) {
  // RUNLEVEL 1 keeps Debian from starting the installed servers: the tests start their own, on free ports.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const { status } = spawnSync("apt-get", ["-q", ...args], { env, stdio: ["ignore", "ignore", errors] });
  return status === 0;
}
