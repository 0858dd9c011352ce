// A private PgBouncer, the connection pooler, in front of a PostgreSQL server.
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { freePort } from "../../scripts/free-ports.mjs";
import { needService } from "../../scripts/services.mjs";
import { startChild } from "./child.ts";
import { unprivileged } from "./processes.ts";

/** How long a client of it keeps its session of the server. */
export type PoolMode = "session" | "transaction" | "statement";

/** A running pooler. Stop it when done. */
export interface PgBouncer {
  /** The URL of a database on the server, through the pooler. */
  url(of: string): string;
  stop(): Promise<void>;
}

/**
 * Starts one in front of the server that listens on `port`; it takes every user of the name `postgres`.
 * @throws in one line that says what to install, when there is no PgBouncer
 */
export async function startPgBouncer(port: number, poolMode: PoolMode): Promise<PgBouncer> {
  const program = needService("pgbouncer");
  const user = unprivileged(); // it refuses to run as root
  const home = mkdtempSync(join(tmpdir(), "classwire-pgbouncer-"));
  const own = await freePort();
  const users = join(home, "users.txt");
  const settings = join(home, "pgbouncer.ini");
  writeFileSync(users, `"postgres" ""\n`);
  const options = {
    listen_addr: "127.0.0.1",
    listen_port: own,
    unix_socket_dir: "",
    auth_type: "trust",
    auth_file: users,
    pool_mode: poolMode,
    default_pool_size: 4,
    server_round_robin: 1, // so that no two statements find the same session by chance
  };
  const lines = Object.entries(options).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(settings, `[databases]\n* = host=127.0.0.1 port=${port}\n[pgbouncer]\n${lines.join("\n")}\n`);
  if (user) for (const path of [home, users, settings]) chownSync(path, user.uid, user.gid);
  const child = startChild(program, [settings], { ...user, cwd: home });
  const urlOf = (of: string): string => {
    const url = new URL(of);
    url.port = String(own);
    return url.href;
  };
  await child.until(() => answers(urlOf(`postgres://postgres@127.0.0.1/postgres`)));
  return {
    url: urlOf,
    async stop() {
      child.kill("SIGKILL");
      await child.exited;
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on("error", () => undefined);
  return client
    .connect()
    .then(() => client.query("select 1"))
    .then(
      () => true,
      () => false,
    )
    .finally(() => client.end());
}
