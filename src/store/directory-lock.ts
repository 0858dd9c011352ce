// One process at a time in a data directory: each puts a claim into it and gives way to every claim of a living process.

import { createHash, randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { mkdir, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const PREFIX = "in-use-by.";
/** The holder touches its claim this often, for those who cannot see its process (another container, same volume). */
const TOUCH_EVERY_MS = 3_000;
/** A claim from elsewhere that has not been touched for longer, in milliseconds, is that of a dead process. */
const DEAD_AFTER_MS = 10_000;
/** Two that start at the same moment see each other and both give way; they try again after a random time. */
const ATTEMPTS = 4;
const MAX_PAUSE_MS = 200;

/** A living process has the directory. */
export class DirectoryInUseError extends Error {
  override readonly name = "DirectoryInUseError";
}

/** The right to use a directory. */
export interface DirectoryLock {
  /** Gives it back. */
  release(): Promise<void>;
}

/** What a claim says, all of it in its name, so that nobody ever reads half a claim. */
interface Claim {
  readonly name: string;
  /** Where its pid means something: machine, boot and pid namespace. */
  readonly place: string;
  readonly pid: number;
  /** When that process started, in ticks since boot; pids are used again. Empty where it cannot be known. */
  readonly started: string;
}

/**
 * Takes a directory, which is made when it is missing. The claim of a process that is gone (`kill -9`, power cut) counts
 * for nothing.
 * @throws DirectoryInUseError of one line when a living process, perhaps this one, has it; an error of one line that names
 *   the directory when it cannot be made or written to
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  await makeDirectory(directory).catch(unusable(directory));
  for (let attempt = 1; ; attempt += 1) {
    const own = newClaim();
    const path = join(directory, own.name);
    await writeFile(path, "").catch(unusable(directory));
    const other = await livingClaim(directory, own);
    if (other === undefined) return holding(path);
    await rm(path, { force: true });
    if (attempt === ATTEMPTS || other.place !== own.place) {
      const who = other.pid === process.pid ? "this process" : `process ${other.pid}`;
      throw new DirectoryInUseError(`The data directory ${directory} (DATA_DIR) is in use by ${who}`);
    }
    await sleep(Math.random() * MAX_PAUSE_MS);
  }
}

/** As mkdir's own `recursive`, which in Node 20 never comes to an end in a file system that takes no directories (/proc). */
async function makeDirectory(directory: string): Promise<void> {
  const make = () =>
    mkdir(directory).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "EEXIST") return true; // whether it is a directory shows when it is written to
        if (error.code === "ENOENT" && dirname(directory) !== directory) return false;
        throw error;
      },
    );
  if (await make()) return;
  await makeDirectory(dirname(directory));
  if (!(await make())) throw new Error("it cannot be made");
}

function holding(path: string): DirectoryLock {
  const touch = setInterval(() => {
    const now = new Date();
    // Whoever removes the directory under a running server has more to worry about than this claim.
    utimes(path, now, now).catch(() => undefined);
  }, TOUCH_EVERY_MS);
  touch.unref();
  return {
    async release() {
      clearInterval(touch);
      await rm(path, { force: true });
    },
  };
}

/** Says which directory it is that the system refuses. */
const unusable = (directory: string) => (error: Error) => {
  throw new Error(`The data directory ${directory} (DATA_DIR) cannot be used: ${error.message}`, { cause: error });
};

/** A claim of a living process other than the own one; claims of dead ones are removed on the way. */
async function livingClaim(directory: string, own: Claim): Promise<Claim | undefined> {
  for (const name of await readdir(directory)) {
    const claim = parseClaim(name);
    if (claim === undefined || name === own.name) continue;
    if (await isAlive(claim, own.place, join(directory, name))) return claim;
    await rm(join(directory, name), { force: true });
  }
  return undefined;
}

async function isAlive(claim: Claim, place: string, path: string): Promise<boolean> {
  if (claim.place === place) return claim.started === startOf(claim.pid) && exists(claim.pid);
  for (;;) {
    const modified = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined, // given back meanwhile
    );
    if (modified === undefined || Math.abs(Date.now() - modified) > DEAD_AFTER_MS) return false;
    await sleep(TOUCH_EVERY_MS + 500);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: modified }));
    if (mtimeMs !== modified) return true;
  }
}

function newClaim(): Claim {
  const place = createHash("sha256").update(placeText()).digest("hex").slice(0, 12);
  const started = startOf(process.pid);
  const name = `${PREFIX}${place}.${process.pid}.${started}.${randomUUID().slice(0, 8)}`;
  return { name, place, pid: process.pid, started };
}

function parseClaim(name: string): Claim | undefined {
  if (!name.startsWith(PREFIX)) return undefined;
  const [place = "", pid = "", started = ""] = name.slice(PREFIX.length).split(".");
  return { name, place, pid: Number(pid), started };
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it is there and belongs to somebody else
  }
}

function placeText(): string {
  return [
    hostname(),
    orEmpty(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    orEmpty(() => readlinkSync("/proc/self/ns/pid")),
  ].join("\n");
}

/** Field 22 of /proc/<pid>/stat (proc(5)); the name before the state, in parentheses, may contain anything. */
function startOf(pid: number): string {
  const status = orEmpty(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  const [state, ...fields] = status.replace(/^.*\) /s, "").split(" ");
  // A zombie is dead, only its parent has not asked yet how it died; as process 1 of a container one may never ask.
  return state === "Z" ? "dead" : (fields[18] ?? "");
}

/** What Linux knows and other systems do not. */
function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
