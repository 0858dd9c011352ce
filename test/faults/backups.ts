// A PostgreSQL server that is put back to an earlier state with the real tools: from a dump, or to a point in time from a base backup
// and the archive of its write-ahead log.
import { execFile } from "node:child_process";
import { chownSync, existsSync, mkdirSync } from "node:fs";
import { appendFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "../support/eventually.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { unprivileged } from "../support/processes.ts";

const run = promisify(execFile);

/** A server with backups. */
export interface BackedUpPostgres extends Postgres {
  /** Dumps a database (pg_dump). @returns the dump's file */
  dump(database: string): Promise<string>;
  /** Reads a dump back in place of what is there (pg_restore --clean, in one transaction), under connections that stay. */
  restoreDump(database: string, file: string): Promise<void>;
  /** Makes a base backup (pg_basebackup); the archive goes on from there. */
  backUp(): Promise<void>;
  /** A point in time to go back to, from after the base backup. @returns its name */
  mark(): Promise<string>;
  /** The server is stopped and its directory replaced; it recovers up to that point, and is a primary on a new timeline. */
  restoreTo(mark: string): Promise<void>;
}

/** Starts one, which archives its log. */
export async function startBackedUpPostgres(): Promise<BackedUpPostgres> {
  let archive = "";
  const postgres = await startPostgres({
    settings: (home) => {
      archive = join(home, "archive");
      if (!existsSync(archive)) mkdirSync(archive);
      const user = unprivileged();
      if (user !== undefined) chownSync(archive, user.uid, user.gid);
      return { archive_mode: "on", archive_command: `cp %p ${archive}/%f`, wal_level: "replica" };
    },
  });
  const { programs, data } = postgres;
  const base = `${data}.base`;
  const address = ["-h", "127.0.0.1", "-p", String(postgres.port), "-U", "postgres"];
  let count = 0;
  const program = (name: string, ...args: string[]) =>
    run(join(programs, name), args, { ...unprivileged(), cwd: archive });
  /** The segment of the log that is written now is in the archive. */
  const archived = async (): Promise<void> => {
    const [{ file } = {}] = await postgres.run("SELECT pg_walfile_name(pg_switch_wal()) AS file");
    // Not by its name in the archive: there may be one of a future that was lost.
    await eventually(
      async () => {
        const [row] = await postgres.run("SELECT last_archived_wal AS last FROM pg_stat_archiver");
        return String(row?.["last"] ?? "") >= String(file);
      },
      { what: `${file} in the archive` },
    );
  };
  return {
    ...postgres,
    get pid() {
      return postgres.pid;
    },
    async dump(database) {
      const file = join(archive, `${++count}.dump`);
      await program("pg_dump", ...address, "-Fc", "-f", file, database);
      return file;
    },
    async restoreDump(database, file) {
      await program("pg_restore", ...address, "-d", database, "--clean", "--if-exists", "--single-transaction", file);
    },
    async backUp() {
      await rm(base, { recursive: true, force: true });
      await program("pg_basebackup", ...address, "-D", base, "-X", "none", "-c", "fast", "--no-sync");
    },
    async mark() {
      const name = `mark_${++count}`;
      await postgres.run(`SELECT pg_create_restore_point('${name}')`);
      await archived();
      return name;
    },
    async restoreTo(mark) {
      await archived();
      await postgres.crash();
      await rm(data, { recursive: true, force: true });
      await run("cp", ["-a", base, data]);
      await writeFile(join(data, "recovery.signal"), "");
      await appendFile(
        join(data, "postgresql.auto.conf"),
        `restore_command = 'cp ${archive}/%f %p'\nrecovery_target_name = '${mark}'\nrecovery_target_action = 'promote'\n`,
      );
      await postgres.start();
      await eventually(async () => {
        const [row] = await postgres.run("SELECT pg_is_in_recovery() AS recovering");
        return row?.["recovering"] === false;
      });
    },
  };
}
