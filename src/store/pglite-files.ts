// The files under PGlite: on a disk, where a commit really waits for it, or in memory, begun from a prepared directory.
import { fsyncSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { MemoryFS, PGlite } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";

type Init = NodeFS["init"];
type Options = Parameters<Init>[1];

/** What we use of Emscripten's file systems. https://emscripten.org/docs/api_reference/Filesystem-API.html */
interface EmscriptenFiles {
  mkdirTree(path: string, mode?: number): void;
  writeFile(path: string, data: Uint8Array, options: { canOwn: boolean }): void;
  chmod(path: string, mode: number): void;
  readonly ErrnoError: new (errno: number) => Error;
}
interface Stream {
  /** The descriptor in Node. */
  readonly nfd: number;
}
interface Module {
  readonly FS: EmscriptenFiles;
  readonly NODEFS: { readonly stream_ops: { fsync?: (stream: Stream) => number } };
}

/** I/O error, as WebAssembly's libc numbers it. PostgreSQL treats a failed fsync as the end of the world, and rightly so. */
const EIO = 29;

/** A directory of the disk. Emscripten's own NODEFS has no fsync and answers every one with "done". */
export class DurableFiles extends NodeFS {
  override init(database: PGlite, options: Options): ReturnType<Init> {
    return super.init(database, withPreRun(options, giveFsync));
  }
}

/** Files in memory that begin as a copy of a directory. PGlite's own way, a tar archive, takes a second longer. */
export class SeededMemory extends MemoryFS {
  readonly #seed: string;

  constructor(seed: string) {
    super();
    this.#seed = seed;
  }

  override init(database: PGlite, options: Options): ReturnType<Init> {
    return super.init(
      database,
      withPreRun(options, (module) => plant(module.FS, this.#seed)),
    );
  }
}

function withPreRun(options: Options, step: (module: Module) => void): Options {
  return { ...options, preRun: [...(options.preRun ?? []), (module) => step(module)] };
}

function giveFsync({ FS, NODEFS }: Module): void {
  NODEFS.stream_ops.fsync = ({ nfd }) => {
    try {
      fsyncSync(nfd);
      return 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EPERM") return 0; // a directory on Windows, which syncs those itself
      throw new FS.ErrnoError(EIO);
    }
  };
}

function plant(files: EmscriptenFiles, seed: string): void {
  const root = PGlite.paths.PGDATA;
  files.mkdirTree(root);
  for (const entry of readdirSync(seed, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const target = `${root}/${relative(seed, path).split(sep).join("/")}`;
    if (entry.isDirectory()) files.mkdirTree(target);
    else files.writeFile(target, readFileSync(path), { canOwn: true });
  }
  files.chmod(root, 0o700);
}
