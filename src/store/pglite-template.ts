// An empty database directory, made once per installation and copied: making one takes 5 s and 700 MB of memory, a copy half a second.
import { execFile } from "node:child_process";
import { type Dirent, existsSync, type PathLike } from "node:fs";
import { copyFile, mkdir, mkdtemp, open, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { DirectoryInUseError, lockDirectory } from "./directory-lock.ts";
import { INITDB_PARAMETERS, pgliteVersion, startParameters } from "./pglite-program.ts";

/** Of this package, two levels up both from `src/store` and from `dist/store`. Gone when the packages are installed again. */
const CACHE_DIRECTORY = fileURLToPath(new URL("../../node_modules/.cache/classwire/", import.meta.url));
/** Part of the directory's name: raise it when `PROGRAM` or the parameters change. */
const LAYOUT = 1;

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
 * be written (an image that is read-only) it is made for this one use.
 * @throws Error of one line when it cannot be made at all
 */
export async function pgliteTemplate(cache: string = CACHE_DIRECTORY): Promise<PGliteTemplate> {
  const path = join(cache, `pglite-${pgliteVersion()}-${LAYOUT}`);
  const kept = { path, done: async () => undefined };
  if (existsSync(path)) return kept;
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
  await rename(unfinished, path);
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
