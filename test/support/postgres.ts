// A private PostgreSQL cluster on a free port, durable as in production, that a test may freeze, crash and start again.
import { randomBytes } from "node:crypto";
import { chownSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { freePort } from "../../scripts/free-ports.mjs";
import { needService } from "../../scripts/services.mjs";
import { type Child, startChild } from "./child.ts";
import { descendants, signalAll, unprivileged } from "./processes.ts";

/** A PostgreSQL server of one's own. Stop it when done (`afterAll(() => postgres.stop())`). */
export interface Postgres {
  readonly port: number;
  /** The postmaster: all other processes of the server are its children. Another one after each start. */
  readonly pid: number;
  /** Its data directory. */
  readonly data: string;
  /** The directory of its programs: `pg_dump` and the others of the same version. */
  readonly programs: string;
  /** The URL of a database on it; without a name, of `postgres`. Good after a restart too. */
  url(database?: string): string;
  /** Makes an empty database with a name that no other has. @returns its URL */
  createDatabase(): Promise<string>;
  /** Runs one statement on `postgres` (or on `database`) as an operator would; returns the rows. */
  run(sql: string, database?: string): Promise<Record<string, unknown>[]>;
  /** Freezes the server and its sessions (SIGSTOP): connections stay open and nothing answers. */
  pause(): void;
  /** Ends a pause. */
  resume(): void;
  /** Ends it as a power cut would (SIGKILL to all of it) and waits until it is gone. What was committed is kept. */
  crash(): Promise<void>;
  /** Starts it again on the same port and data, after a crash. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** How to start one. */
export interface PostgresOptions {
  /** The port of a server that it is to be the standby of: a copy that follows it. */
  readonly standbyOf?: number;
  /** Settings beside those of every test, as in postgresql.conf. `home` is a directory of the server's own. */
  readonly settings?: (home: string) => Readonly<Record<string, string>>;
}

/**
 * Starts one (about 1.5 s), empty or as a standby.
 * @throws in one line that says what to install, when there is no PostgreSQL
 */
export async function startPostgres({ standbyOf, settings: more }: PostgresOptions = {}): Promise<Postgres> {
  const programs = dirname(realpathSync(needService("postgres"))); // what belongs to it stands beside it
  const user = unprivileged(); // the server refuses to run as root
  const home = mkdtempSync(join(tmpdir(), "classwire-postgres-"));
  if (user) chownSync(home, user.uid, user.gid);
  const data = join(home, "data");
  if (standbyOf === undefined) await initialise(join(programs, "initdb"), data, user);
  else await copy(join(programs, "pg_basebackup"), data, standbyOf, user);
  const run = async (port: number): Promise<Child> => {
    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      shared_buffers: "16MB",
      fsync: "on",
      ...more?.(home),
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const child = startChild(join(programs, "postgres"), ["-D", data, "-p", String(port), ...args], {
      ...user,
      cwd: home,
    });
    await child.until(() => accepts(url(port, "postgres")));
    return child;
  };
  const port = await freePort();
  let server = await run(port);
  /** The postmaster first, so that it starts nothing new. */
  const signal = (name: NodeJS.Signals) => {
    server.kill(name);
    if (server.isRunning()) signalAll(descendants(server.pid), name);
  };
  const crash = async () => {
    if (!server.isRunning()) return;
    signal("SIGSTOP"); // nobody acts on the death of another
    signalAll([...descendants(server.pid), server.pid], "SIGKILL");
    await server.exited;
  };
  return {
    port,
    get pid() {
      return server.pid;
    },
    data,
    programs,
    url: (database = "postgres") => url(port, database),
    async createDatabase() {
      const name = `t_${randomBytes(8).toString("hex")}`;
      await query(url(port, "postgres"), `create database ${name}`);
      return url(port, name);
    },
    run: (sql, database = "postgres") => query(url(port, database), sql),
    pause: () => signal("SIGSTOP"),
    resume: () => signal("SIGCONT"),
    crash,
    async start() {
      server = await run(port);
    },
    async stop() {
      // In good order if it can: a crashed server leaves a shared memory segment behind in the system.
      signal("SIGCONT");
      server.kill("SIGQUIT");
      await Promise.race([server.exited, sleep(5000, undefined, { ref: false })]);
      await crash();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function initialise(initdb: string, data: string, user: { uid: number; gid: number } | undefined): Promise<void> {
  // An empty data directory need not survive a power cut: --no-sync is for initdb only, the server itself syncs.
  const args = [
    "-D",
    data,
    "-U",
    "postgres",
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C",
    "--no-sync",
    "--no-instructions",
  ];
  const child = startChild(initdb, args, { ...user, cwd: dirname(data) });
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`initdb failed: ${child.lines.join("\n")}`);
}

/** Copies a running server and makes the copy its standby. */
async function copy(
  program: string,
  data: string,
  port: number,
  user: { uid: number; gid: number } | undefined,
): Promise<void> {
  const from = ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres"];
  const child = startChild(program, [...from, "-D", data, "-R", "-X", "stream", "-c", "fast", "--no-sync"], {
    ...user,
    cwd: dirname(data),
  });
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`pg_basebackup failed: ${child.lines.join("\n")}`);
}

function url(port: number, database: string): string {
  return `postgres://postgres@127.0.0.1:${port}/${database}`;
}

async function accepts(at: string): Promise<boolean> {
  return query(at, "select 1").then(
    () => true,
    () => false,
  );
}

async function query(at: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: at, connectionTimeoutMillis: 5000 });
  client.on("error", () => undefined); // told by what fails
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
