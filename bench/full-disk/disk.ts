// A small disk of one's own, which can be filled to its last byte: a tmpfs that only this process and its children see.
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Set in the process that has mounts of its own. */
const INSIDE = "CLASSWIRE_OWN_MOUNTS";

/** A mounted disk. */
export interface Disk {
  readonly path: string;
  /** Writes until the kernel says ENOSPC, and takes what becomes free afterwards, until `release`. */
  fill(): void;
  /** Gives back what `fill` has taken. */
  release(): void;
  unmount(): void;
}

/** Runs this script once more, in a mount namespace; root needs nothing else for that, others a user namespace. */
export function insideOwnMounts(): boolean {
  if (process.env[INSIDE] !== undefined) return true;
  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-current-user", "--keep-caps"];
  const args = ["--mount", ...user, process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const { status } = spawnSync("unshare", args, { stdio: "inherit", env: { ...process.env, [INSIDE]: "1" } });
  process.exitCode = status ?? 1;
  return false;
}

/** Mounts one of so many megabytes. */
export function mountDisk(megabytes: number): Disk {
  const path = mkdtempSync(join(tmpdir(), "classwire-disk-"));
  const options = ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=1777`, "tmpfs", path];
  run("mount", options);
  const filler = join(path, "filler");
  let topping: NodeJS.Timeout | undefined;

  function fillUp(): void {
    const file = openSync(filler, "a");
    try {
      for (let size = 1 << 20; size >= 4096; ) {
        try {
          writeSync(file, Buffer.alloc(size));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
          size >>= 1;
        }
      }
    } finally {
      closeSync(file);
    }
  }
  return {
    path,
    fill() {
      fillUp();
      if (statfsSync(path).bavail > 0) throw new Error("the disk is not full");
      topping = setInterval(fillUp, 20);
    },
    release() {
      clearInterval(topping);
      rmSync(filler, { force: true });
    },
    unmount() {
      this.release();
      spawnSync("umount", ["-l", path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Moves what is in a directory to a disk, which is found there from then on. */
export function moveTo(disk: Disk, directory: string): void {
  run("cp", ["-a", `${directory}/.`, disk.path]);
  run("mount", ["--bind", disk.path, directory]);
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args);
  if (status !== 0) throw error ?? new Error(`${program} ${args.join(" ")}: ${stderr}`);
}
