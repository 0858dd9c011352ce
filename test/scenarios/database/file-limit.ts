// A full disk that any user can make, anywhere, and end again: a limit on how long the files of running processes may get.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { descendants } from "../../support/processes.ts";

/**
 * Lets no file that a process, or a child of it, writes grow beyond so many bytes (RLIMIT_FSIZE); `undefined` ends that.
 *
 * To a database it is what a full disk is: the kernel refuses to extend its files, in the midst of a write too, and goes on
 * reading. Only the number differs (EFBIG for ENOSPC); PostgreSQL does the same upon either, an ERROR for a table and a PANIC
 * for its log. PostgreSQL and Node ignore the signal that comes with it. bench/full-disk.ts has a disk that really is full.
 * @param user whose the processes are; even root may not limit those of others everywhere
 */
export function limitFiles(pid: number, bytes: number | undefined, user?: { uid: number; gid: number }): void {
  for (const each of [pid, ...descendants(pid)]) {
    const limit = `--fsize=${bytes ?? "unlimited"}:`; // the soft one, which may be raised again
    const { status, stderr, error } = spawnSync("prlimit", ["--pid", String(each), limit], { ...user });
    if (status !== 0 && existsSync(`/proc/${each}`)) throw error ?? new Error(String(stderr));
  }
}
