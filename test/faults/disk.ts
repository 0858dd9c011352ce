// The disk of a PostgreSQL server that forgets: everything that was written, and synced, since a moment. As a disk or a hypervisor that
// answers fsync before it has done it, when its power fails; with all of its writes in order up to that moment.
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { promisify } from "node:util";
import type { Postgres } from "../support/postgres.ts";

const run = promisify(execFile);

/** A disk with one moment to go back to. */
export interface ForgetfulDisk {
  /** From now on nothing that is synced is kept. The server stands still for as long as its directory is copied. */
  lie(): Promise<void>;
  /** The power fails, and comes back: the server starts with what the disk had when it began to lie. */
  failPower(): Promise<void>;
}

/** Puts the disk under a server. The copy of its directory goes with the server. */
export function forgetfulDisk(postgres: Postgres): ForgetfulDisk {
  const copy = `${postgres.data}.synced`;
  return {
    async lie() {
      await rm(copy, { recursive: true, force: true });
      postgres.pause(); // a copy of one moment
      try {
        await run("cp", ["-a", postgres.data, copy]);
      } finally {
        postgres.resume();
      }
    },
    async failPower() {
      await postgres.crash();
      await rm(postgres.data, { recursive: true, force: true });
      await run("cp", ["-a", copy, postgres.data]);
      await rm(`${postgres.data}/postmaster.pid`, { force: true });
      await postgres.start();
    },
  };
}
