// An empty database directory, made once per installation and copied: making one takes 5 s and 700 MB of memory, a copy half a second.
import { execFile } from "node:child_process";
import { type Dirent, existsSync, type PathLike } from "node:fs";
import { access, chmod, constants, copyFile, mkdir, mkdtemp, open, readdir, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { DirectoryInUseError, lockDirectory } from "./directory-lock.ts";
import { INITDB_PARAMETERS, pgliteVersion, startParameters } from "./pglite-program.ts";

/** Of this package, two levels up both from `src/store` and from `dist/store`. Gone when the packages are installed again. */
const CACHE_DIRECTORY = fileURLToPath(new URL("../../node_modules/.cache/classwire/", import.meta.url));
/** Part of the directory's name: raise it when `PROGRAM`, the parameters or the modes of its files change. */
const LAYOUT = 2;
/** Everybody may read a template (nobody's data is in it), and its maker alone may write. PGlite itself lets everybody write. */
const READABLE = { directory: 0o755, file: 0o644 };
const WRITABLE_BY_ALL = 0o002;

/** How often to look whether somebody else has made it, in ms. */
const POLL_MS = 200;

/** A template: a directory with an empty database, to be copied. */
export interface PGliteTemplate {
  readonly path: string;
  /** Call it once the directory has been copied. */
  done(): Promise<void>;
}

/**
 * The prepared directory out of the cache, made if it is not there yet; whoever asks meanwhile waits. Where the cache cannot
 * be written (an image that is read-only, a service that root has started before), or what is in it cannot be read or may come
 * from anybody, it is made for this one use.
 * @throws Error of one line when it cannot be made at all
 */
export async function pgliteTemplate(cache: string = CACHE_DIRECTORY): Promise<PGliteTemplate> {
  const path = join(cache, `pglite-${pgliteVersion()}-${LAYOUT}`);
  const kept = { path, done: async () => undefined };
  if (existsSync(path)) return (await isUsable(cache, path)) ? kept : makeForOneUse();
  await mkdir(cache, { recursive: true, mode: READABLE.directory }).catch(() => undefined); // where it fails, so does the lock
  const lock = await lockDirectory(join(cache, "making")).catch((error: Error) => error);
  if (lock instanceof DirectoryInUseError) {
    await sleep(POLL_MS);
    return pgliteTemplate(cache);
  }
  if (lock instanceof Error) return makeForOneUse();
  try {
    if (!existsSync(path)) await makeIn(join(cache, "making"), path);
    return kept;
  } finally {
    await lock.release();
  }
}

/** Made beside it and renamed, which is all or nothing: whatever has the name is whole. */
async function makeIn(workshop: string, path: string): Promise<void> {
  const unfinished = join(workshop, "unfinished");
  await rm(unfinished, { recursive: true, force: true });
  await make(unfinished);
  await letAllRead(unfinished);
  await rename(unfinished, path);
}

async function letAllRead(directory: string): Promise<void> {
  await chmod(directory, READABLE.directory);
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }))
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? READABLE.directory : READABLE.file);
}

/**
 * Whether a template may be read, and comes from somebody who is trusted anyway: this user, root, or the owner of this program.
 * Functions that another user has planted in it would run with our rights.
 */
async function isUsable(cache: string, path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK | constants.X_OK);
    await access(join(path, "PG_VERSION"), constants.R_OK);
    if (process.getuid === undefined) return true; // Windows
    const { uid: programOwner } = await stat(fileURLToPath(import.meta.url));
    const trusted = [process.getuid(), 0, programOwner];
    const both = await Promise.all([stat(cache), stat(path)]);
    return both.every(({ uid, mode }) => trusted.includes(uid) && (mode & WRITABLE_BY_ALL) === 0);
  } catch {
    return false;
  }
}

async function makeForOneUse(): Promise<PGliteTemplate> {
  const workshop = await mkdtemp(join(tmpdir(), "classwire-base-"));
  const done = () => rm(workshop, { recursive: true, force: true });
  try {
    const path = join(workshop, "base");
    await make(path);
    return { path, done };
  } catch (error) {
    await done();
    throw error;
  }
}

/** In a process of its own, so that the memory is given back. */
async function make(directory: string): Promise<void> {
  const settings = JSON.stringify({
    dataDir: directory,
    initDbStartParams: INITDB_PARAMETERS,
    startParams: startParameters(false),
  });
  const parameters = ["--input-type=module", "-e", PROGRAM, import.meta.resolve("@electric-sql/pglite"), settings];
  await promisify(execFile)(process.execPath, parameters).catch((error: Error & { stderr?: string }) => {
    const reason = error.stderr?.split("\n").find((line) => /error/i.test(line)) ?? error.message.split("\n")[0];
    throw new Error(`Cannot prepare the embedded database: ${reason}`, { cause: error });
  });
}

/** The templates are for making further databases; without them there is half as much to copy. */
const PROGRAM = `
const [specifier, settings] = process.argv.slice(1);
const { PGlite } = await import(specifier);
const database = await PGlite.create(JSON.parse(settings));
for (const template of ["template0", "template1"]) {
  await database.exec("ALTER DATABASE " + template + " IS_TEMPLATE false");
  await database.exec("DROP DATABASE " + template);
}
await database.exec("CHECKPOINT");
await database.close();
process.exit(0);
`;

/**
 * Copies a directory of files and directories. A copy that is cut short (power cut, kill) leaves nothing under the new name.
 * @param from an existing directory
 * @param to must not exist; its parent must
 */
export async function copyTree(from: string, to: string): Promise<void> {
  const unfinished = `${to}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  const place = (entry: Dirent) => join(unfinished, relative(from, join(entry.parentPath, entry.name)));
  await mkdir(unfinished, { mode: 0o700 });
  const directories = entries.filter((entry) => entry.isDirectory()).map(place);
  for (const directory of directories.sort()) await mkdir(directory, { mode: 0o700 });
  await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        await copyFile(join(entry.parentPath, entry.name), place(entry));
        await chmod(place(entry), 0o600);
        await sync(place(entry), "r+");
      }),
  );
  for (const directory of [...directories, unfinished]) await syncDirectory(directory);
  await rename(unfinished, to);
  await syncDirectory(dirname(to));
}

async function sync(path: PathLike, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Not every system lets one open a directory (Windows): there the file system looks after its names itself. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform !== "win32") await sync(path, "r");
}
