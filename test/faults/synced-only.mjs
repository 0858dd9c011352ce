// Loaded before a node on the embedded database (`--import`): beside the data directory it keeps another one with what was synced only.
// A file there has the content of its last fsync; that it was made, renamed, cut or removed counts at once, as on a journaling file
// system. After the process was killed, that directory is what a power cut would have left.
// @ts-check
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join, relative, resolve } from "node:path";

const data = resolve(process.env["SYNCED_ONLY_OF"] ?? "");
const synced = `${data}.synced`;
const real = { ...fs };

/** @param {unknown} path @returns {string | undefined} where it is in the other directory */
const twin = (path) => {
  const inside = relative(data, resolve(String(path)));
  return inside.startsWith("..") ? undefined : join(synced, inside);
};

real.rmSync(synced, { recursive: true, force: true });
real.cpSync(data, synced, { recursive: true });

/** @param {number} fd */
const keep = (fd) => {
  const path = real.readlinkSync(`/proc/self/fd/${fd}`);
  const there = twin(path);
  if (there === undefined || path.endsWith(" (deleted)") || !real.fstatSync(fd).isFile()) return;
  // In one step: the process may be killed meanwhile.
  real.copyFileSync(path, `${there}.new`);
  real.renameSync(`${there}.new`, there);
};
for (const name of /** @type {const} */ (["fsyncSync", "fdatasyncSync"]))
  fs[name] = (fd) => {
    real[name](fd);
    keep(fd);
  };

/** Does it in both places; what is not there was never synced. @param {"renameSync" | "unlinkSync" | "mkdirSync" | "rmdirSync"} name */
const both = (name) => {
  const original = /** @type {(...args: unknown[]) => unknown} */ (real[name]);
  const done = (/** @type {unknown[]} */ ...args) => {
    const result = original(...args);
    const paths = name === "renameSync" ? args.slice(0, 2) : args.slice(0, 1);
    const twins = paths.map(twin);
    if (twins.every((path) => path !== undefined) && (name === "mkdirSync" || real.existsSync(String(twins[0]))))
      original(...twins, ...args.slice(twins.length));
    return result;
  };
  Object.assign(fs, { [name]: done });
};
for (const name of /** @type {const} */ (["renameSync", "unlinkSync", "mkdirSync", "rmdirSync"])) both(name);
syncBuiltinESMExports();
