// A server under load while the disk under its database is full (ENOSPC): PostgreSQL's and the embedded one's, again and again.
// Usage: node scripts/bootstrap.mjs build services && npx tsx bench/full-disk.ts [rounds, 5] (Linux)
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { fillTo } from "../test/scenarios/database/filling.ts";
import { EVERYTHING, type Fault, PUBLISHING, TRIAL_ENV, tryFault } from "../test/scenarios/database/trial.ts";
import { eventually } from "../test/support/eventually.ts";
import { type Postgres, startPostgres } from "../test/support/postgres.ts";
import { type SpawnedServer, spawnServer } from "../test/support/spawn-server.ts";
import { insideOwnMounts, mountDisk, moveTo } from "./full-disk/disk.ts";

const ROUNDS = Number(process.argv[2] ?? 5);
/** How long the disk stays full at most; each time another part of that. */
const LONGEST_MS = 6_000;

/** Tries a fault, and says what happened. */
async function trial(what: string, server: SpawnedServer, fault: Fault): Promise<void> {
  const { acknowledged, refused, slowestMs, recoveredMs } = await tryFault(server, fault, ROUNDS);
  console.log(
    `${what}: ${ROUNDS} times, ${acknowledged} acknowledged and all there, ${refused} refused, ` +
      `slowest answer ${(slowestMs / 1000).toFixed(1)} s, back within ${(recoveredMs / 1000).toFixed(1)} s`,
  );
}

/** What the database has said to the server of its disk, each once but for numbers and names. */
function complaints({ lines }: SpawnedServer): string {
  const said = lines.flatMap(
    (line) => /(PANIC|could not).*(No space|disk)[^"]*/.exec(line)?.[0].replace(/\\?"[^"]*"|\d+/g, "…") ?? [],
  );
  return [...new Set(said)].map((one) => `\n  ${one}`).join("");
}

/** Goes on to write log until the server cannot: a file of it is prepared in advance, and would last for a while. */
async function writeLog(postgres: Postgres): Promise<void> {
  const client = new pg.Client(postgres.url());
  client.on("error", () => undefined); // it ends with the server
  await client.connect();
  try {
    for (;;) await client.query("SELECT pg_logical_emit_message(true, 'full', 'disk'), pg_switch_wal()");
  } catch {
    await client.end().catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function onPostgres(): Promise<void> {
  const disk = mountDisk(256);
  process.env["TMPDIR"] = disk.path; // where its data directory is made
  const postgres = await startPostgres();
  const server = await spawnServer({ ...TRIAL_ENV, DATABASE_URL: await postgres.createDatabase() }, { built: true });
  let deaths = 0;
  const end = async (): Promise<void> => {
    disk.release();
    await delay(100); // a postmaster that ends itself may be about to
    if (isAlive(postgres.pid)) return;
    deaths++;
    await eventually(() => postgres.start().then(() => true), { timeoutMs: 20_000 });
  };
  try {
    const tables = async () => {
      disk.fill();
      await delay(Math.random() * LONGEST_MS);
    };
    await trial("PostgreSQL, its tables", server, { begin: tables, end, refuses: PUBLISHING });
    const log = async () => {
      disk.fill();
      await writeLog(postgres);
    };
    await trial("PostgreSQL, its log", server, { begin: log, end, refuses: EVERYTHING });
    console.log(`PostgreSQL had to be started again ${deaths} times; it said:${complaints(server)}`);
  } finally {
    await server.stop();
    await postgres.stop();
    disk.unmount();
    delete process.env["TMPDIR"];
  }
}

async function onEmbedded(): Promise<void> {
  const disk = mountDisk(64);
  const server = await spawnServer({ ...TRIAL_ENV, DATABASE_URL: "" }, { built: true, directory: disk.path });
  const begin = async (): Promise<void> => {
    disk.fill();
    await delay(Math.random() * LONGEST_MS);
  };
  try {
    await trial("embedded, its tables", server, { begin, end: disk.release, refuses: PUBLISHING });
    console.log(`it said:${complaints(server)}`);
  } finally {
    await server.stop();
    disk.unmount();
  }
}

/** With its log on a disk of its own, as its files are prepared in advance and last for longer than the tables. */
async function onEmbeddedLog(): Promise<void> {
  const [disk, logDisk] = [mountDisk(256), mountDisk(32)];
  const start = () => spawnServer({ ...TRIAL_ENV, DATABASE_URL: "" }, { built: true, directory: disk.path });
  await (await start()).stop();
  moveTo(logDisk, join(disk.path, ".data", "pglite", "pg_wal"));
  const server = await start();
  const begin = async (): Promise<void> => {
    logDisk.fill();
    for (let batch = 0; batch < 8; batch++) await fillTo(server.url, 2 ** 21).catch(() => undefined);
  };
  try {
    await trial("embedded, its log", server, { begin, end: logDisk.release, refuses: EVERYTHING });
    console.log(`it said:${complaints(server)}`);
  } finally {
    await server.stop();
    logDisk.unmount();
    disk.unmount();
  }
}

if (insideOwnMounts()) {
  await onEmbedded();
  await onEmbeddedLog();
  await onPostgres();
}
