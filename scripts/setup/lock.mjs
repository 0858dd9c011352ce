// One setup at a time in a work tree: a file that holds the id of the process that is at it.
// @ts-check
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Does `work` while no other process holds the lock; a lock whose process is gone does not count.
 * @param {string} path the lock file
 * @param {() => void} work
 */
export async function withLock(path, work) {
  while (!take(path)) {
    if (!isAlive(holderOf(path))) rmSync(path, { force: true });
    else await sleep(100);
  }
  try {
    work();
  } finally {
    rmSync(path, { force: true });
  }
}

/**
 * A link appears with its content or not at all, so nobody ever reads a lock without a holder.
 * @param {string} path
 */
function take(path) {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(own);
  }
}

/** @param {string} path */
function holderOf(path) {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return 0; // given back just now
    throw error;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  if (!(pid > 0)) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM"; // alive, and another user's
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
