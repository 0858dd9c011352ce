// How PGlite is run here: its settings, and the version that a data directory belongs to.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { PGlite } from "@electric-sql/pglite";

/** PGlite turns fsync off with this; where there is a disk we turn it on. */
const NO_FSYNC = "-F";

/**
 * Small buffers (the default of 128 MB would be resident one day), room for one connection, and a log that is cut back to
 * 32 MB at a checkpoint. No reports of a slow start: their timer outlives a start that fails and keeps the process alive.
 */
const SETTINGS = [
  "shared_buffers=4MB",
  "max_connections=4",
  "max_wal_senders=0",
  "max_wal_size=32MB",
  "min_wal_size=5MB",
  "log_startup_progress_interval=0",
];

/** A commit waits for the disk. `wal_sync_method`: of the two system calls, PGlite's files have `fsync` only. */
const DURABLE = ["fsync=on", "wal_sync_method=fsync"];

/** initdb's own: log files of 1 MB instead of 16, and no templates, keep the directory at 15 MB. */
export const INITDB_PARAMETERS = ["--wal-segsize=1"];

/** The command line of the server in WebAssembly. @param durable whether there is a disk to wait for */
export function startParameters(durable: boolean): string[] {
  const own = durable ? [...SETTINGS, ...DURABLE] : SETTINGS;
  const defaults = PGlite.defaultStartParams.filter((parameter) => !durable || parameter !== NO_FSYNC);
  return [...defaults, ...own.flatMap((setting) => ["-c", setting])];
}

/**
 * Has V8 optimise only WebAssembly that works really hard. By its own measure (1 800 000) a mere start of the server makes
 * it optimise hundreds of functions, which takes 0.2 s and 35 MB that are never given back, and no statement gets quicker.
 * To be called before the first start; no harm if V8 does not know the option any more.
 */
export function optimiseLess(): void {
  setFlagsFromString("--wasm-tiering-budget=100000000");
}

/** The version of the PGlite that is installed. */
export function pgliteVersion(): string {
  const entry = createRequire(import.meta.url).resolve("@electric-sql/pglite");
  const { version } = JSON.parse(readFileSync(join(dirname(entry), "..", "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}
