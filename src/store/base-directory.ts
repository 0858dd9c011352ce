// An empty database directory, made once per installation: making one takes 5 s and 700 MB of memory, a copy half a second.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { INITDB_PARAMETERS, pgliteVersion, startParameters } from "./pglite-program.ts";

/** Of this package, two levels up both from `src/store` and from `dist/store`. Gone when the packages are installed anew. */
const CACHE_DIRECTORY = fileURLToPath(new URL("../../node_modules/.cache/classwire/", import.meta.url));
/** Part of the directory's name: raise it when `PROGRAM` or the parameters change. */
const LAYOUT = 1;

/** A directory to copy from. */
export interface BaseDirectory {
  readonly path: string;
  /** To be called when it has been copied. */
  done(): Promise<void>;
}

/**
 * The prepared directory out of the cache, made if it is not there yet. Where the cache cannot be written (an image that
 * is read-only) it is made for this one use.
 * @throws Error of one line when it cannot be made at all
 */
export async function baseDirectory(cache: string = CACHE_DIRECTORY): Promise<BaseDirectory> {
  const path = join(cache, `pglite-${pgliteVersion()}-${LAYOUT}`);
  const keep = { path, done: async () => undefined };
  if (existsSync(path)) return keep;
  const workshop = await makeWorkshop(cache);
  const remove = () => rm(workshop, { recursive: true, force: true });
  try {
    const made = join(workshop, "base");
    await make(made);
    // Renaming is all or nothing, and fails when somebody else was quicker: either is as good.
    const kept = await rename(made, path).then(
      () => true,
      () => existsSync(path),
    );
    if (!kept) return { path: made, done: remove };
  } catch (error) {
    await remove();
    throw error;
  }
  await remove();
  return keep;
}

/** A directory to work in, on the disk of the cache if possible. */
async function makeWorkshop(cache: string): Promise<string> {
  try {
    await mkdir(cache, { recursive: true });
    return await mkdtemp(join(cache, "making-"));
  } catch {
    return mkdtemp(join(tmpdir(), "classwire-base-"));
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
