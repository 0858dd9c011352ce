// A Redis and a PostgreSQL that belong to one run of a script: on free ports, with their data in a directory that is removed.
// @ts-check
import { chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { freePorts } from "../free-ports.mjs";
import { needService } from "../services.mjs";
import { startProgram, unprivileged, until } from "./processes.mjs";

/**
 * Starts both.
 * @returns {Promise<{ redisUrl: string, databaseUrl: string, stop: () => Promise<void> }>}
 * @throws {Error} in one line, when one of them is not on this machine or does not start
 */
export async function startDatabases() {
  const [redisServer, postgresServer] = [needService("redis"), needService("postgres")];
  const home = mkdtempSync(join(tmpdir(), "classwire-cluster-"));
  const data = join(home, "postgres");
  const user = unprivileged();
  mkdirSync(data, { mode: 0o700 });
  if (user.uid !== undefined) {
    chownSync(home, user.uid, user.gid);
    chownSync(data, user.uid, user.gid);
  }
  const [redisPort = 0, postgresPort = 0] = await freePorts(2);

  const options = ["--port", String(redisPort), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const redis = startProgram(redisServer, [...options, "--dir", home]);
  const said = [""];
  const initdb = startProgram(
    join(dirname(postgresServer), "initdb"),
    ["-D", data, "-U", "classwire", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"],
    { ...user, cwd: home, line: (text) => said.push(text) },
  );
  const code = await initdb.exited;
  if (code !== 0) throw new Error(`initdb failed: ${said.at(-1)}`);
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200"];
  const postgres = startProgram(
    postgresServer,
    ["-D", data, "-p", String(postgresPort), ...settings.flatMap((setting) => ["-c", setting])],
    { ...user, cwd: home },
  );
  await until(redis, () => answers(redisPort), "Redis");
  await until(postgres, () => answers(postgresPort), "PostgreSQL");
  return {
    redisUrl: `redis://127.0.0.1:${redisPort}`,
    databaseUrl: `postgres://classwire@127.0.0.1:${postgresPort}/postgres`,
    async stop() {
      redis.kill();
      postgres.kill("SIGINT"); // "fast": ends the sessions, then itself
      await Promise.all([redis.exited, postgres.exited]);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/**
 * Whether something listens on the port.
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
