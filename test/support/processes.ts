// What the operating system knows about processes and users.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** The children of a process, their children, and so on. */
export function descendants(pid: number): number[] {
  const parents = parentOfEach();
  const found = [pid];
  for (const parent of found) for (const [child, its] of parents) if (its === parent) found.push(child);
  return found.slice(1);
}

/** Sends a signal to each; those that have ended meanwhile need none. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
}

/** As root, a user without rights to run servers as: `postgres` if there is one, else `nobody`. Undefined when not root. */
export function unprivileged(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(":") ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as");
}

/** From Linux's /proc where there is one (a slim image has no ps), else from ps. */
function parentOfEach(): Map<number, number> {
  if (!existsSync("/proc/self/stat"))
    return pairs(execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }));
  const stats = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(statOf);
  return pairs(stats.join("\n"));
}

/** `pid ppid` of one process; the name in parentheses, which may contain anything, stands before the state (proc(5)). */
function statOf(pid: string): string {
  try {
    const [, ppid = ""] = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return `${pid} ${ppid}`;
  } catch {
    return ""; // it ended between the listing and the look
  }
}

function pairs(text: string): Map<number, number> {
  const rows = text.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  return new Map(rows.flatMap(([pid, ppid]) => (pid !== undefined && ppid !== undefined ? [[pid, ppid]] : [])));
}
