// Programs that a script starts and ends: no orphan if the script dies, and Ctrl-C reaches them only through the script.
// @ts-check
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/**
 * @typedef {object} Program
 * @property {() => boolean} isRunning
 * @property {Promise<number | string | null>} exited resolves with its exit code or signal
 * @property {(signal?: NodeJS.Signals) => void} kill
 */

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: Record<string, string>, cwd?: string, uid?: number | undefined, gid?: number | undefined, line?: (text: string) => void }} [options]
 * `env` is added to this process's; `line` is given every line that it prints
 * @returns {Program}
 */
export function startProgram(command, args, { env = {}, cwd, uid, gid, line = () => undefined } = {}) {
  // On Linux the kernel ends a program with its parent, however the parent ends.
  const setpriv = ["setpriv", "--pdeathsig", "KILL", "--"];
  const works = process.platform === "linux" && spawnSync("setpriv", [...setpriv.slice(1), "true"]).status === 0;
  const [first = command, ...rest] = works ? [...setpriv, command, ...args] : [command, ...args];
  const child = spawn(first, rest, {
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // a process group of its own
  });
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on("line", line);
  const killNow = () => void child.kill("SIGKILL");
  process.once("exit", killNow);
  const exited = new Promise((resolve) => {
    child.once("error", (error) => {
      line(String(error));
      resolve(error.message);
    });
    child.once("close", (code, signal) => {
      process.off("exit", killNow);
      resolve(signal ?? code);
    });
  });
  return {
    isRunning: () => child.pid !== undefined && child.exitCode === null && child.signalCode === null,
    exited,
    kill: (signal = "SIGTERM") => void child.kill(signal),
  };
}

/**
 * Waits until `holds` does.
 * @param {Program} program
 * @param {() => Promise<boolean>} holds
 * @param {string} name of the program, for the error
 * @throws {Error} when the program ends before, or after 30 s
 */
export async function until(program, holds, name) {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (await holds()) return;
    if (!program.isRunning()) throw new Error(`${name} ended (${await program.exited}) before it was ready`);
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${name} was not ready within 30 s`);
}

/** As root, a user without rights to run servers as, because PostgreSQL refuses root; nothing otherwise. */
export function unprivileged() {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] = users.find((user) => user.startsWith(`${name}:`))?.split(":") ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as");
}
