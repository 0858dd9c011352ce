// Where the real Redis, PostgreSQL, PgBouncer and Chromium of the tests are on this machine, and how one gets them.
// @ts-check
import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * @typedef {object} Service
 * @property {string} title what it is called in messages
 * @property {string} variable the environment variable that names its program, before anything else
 * @property {readonly string[]} programs names to look for on the PATH, best first
 * @property {() => readonly string[]} places directories to look in after the PATH
 * @property {string} debian the package on a Debian family system
 * @property {string} brew the Homebrew arguments
 */

/** @satisfies {Record<string, Service>} */
export const services = {
  redis: {
    title: "Redis",
    variable: "REDIS_SERVER",
    programs: ["redis-server", "valkey-server"],
    places: () => [],
    debian: "redis-server",
    brew: "redis",
  },
  postgres: {
    title: "PostgreSQL",
    variable: "POSTGRES",
    programs: ["postgres"],
    places: debianPostgres,
    debian: "postgresql",
    brew: "postgresql@17",
  },
  pgbouncer: {
    title: "PgBouncer",
    variable: "PGBOUNCER",
    programs: ["pgbouncer"],
    places: () => ["/usr/sbin"],
    debian: "pgbouncer",
    brew: "pgbouncer",
  },
  chromium: {
    title: "Chromium",
    variable: "CHROMIUM",
    programs: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    places: () => ["/Applications/Chromium.app/Contents/MacOS", "/Applications/Google Chrome.app/Contents/MacOS"],
    debian: "chromium",
    brew: "--cask chromium",
  },
};

/**
 * The program of a service: from its variable, the PATH, or the places where systems keep it.
 * @param {keyof typeof services} which
 * @returns {string | undefined} its path; undefined when there is none
 * @throws {Error} in one line, when the variable names something that cannot be run
 */
export function findService(which) {
  const { variable, programs, places } = services[which];
  const named = process.env[variable];
  if (named) {
    if (isProgram(named)) return named;
    throw new Error(`${variable} is ${JSON.stringify(named)}, which is not a program: name one or unset it`);
  }
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((directory) => directory !== "");
  const names = process.platform === "darwin" ? [...programs, "Chromium", "Google Chrome"] : programs;
  for (const directory of [...path, ...places()])
    for (const name of names) if (isProgram(join(directory, name))) return join(directory, name);
  return undefined;
}

/**
 * As `findService`, for those that cannot do without.
 * @param {keyof typeof services} which
 * @returns {string}
 * @throws {Error} in one line that names the command to type
 */
export function needService(which) {
  const found = findService(which);
  if (found === undefined) throw new Error(howToGet([which]));
  return found;
}

/**
 * What to type to get these services, in one line.
 * @param {readonly (keyof typeof services)[]} which
 */
export function howToGet(which) {
  const wanted = which.map((name) => services[name]);
  const titles = wanted.map(({ title }) => title).join(", ");
  const variables = wanted.map(({ variable }) => variable).join(", ");
  const install =
    process.platform === "darwin"
      ? wanted.map(({ brew }) => `brew install ${brew}`).join(" && ")
      : `sudo apt-get install -y ${wanted.map(({ debian }) => debian).join(" ")}`;
  return `the tests need ${titles}: type "${install}" (or what your system has for it), or set ${variables} to the program`;
}

/** Debian keeps the servers of PostgreSQL off the PATH, one directory for each version; the newest comes first. */
function debianPostgres() {
  const root = "/usr/lib/postgresql";
  if (!statSync(root, { throwIfNoEntry: false })) return [];
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(root, version, "bin"));
}

/** @param {string} path */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // not there, or not ours to run
  }
}
