// A PostgreSQL server that cannot be used: the reason is said in one line, once; who is patient waits for what may pass.
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isUnavailable } from "../../src/store/errors.ts";
import type { StartOptions } from "../../src/store/interface.ts";
import { tooOld } from "../../src/store/postgres-session.ts";
import { openStore } from "../../src/store/store.ts";
import { eventually } from "../support/eventually.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";

const PASSWORD = "h%u@s/h é";
const ENCODED = encodeURIComponent(PASSWORD);
/** Who may come: those who know their password, and one with TLS only, which this server does not have. */
const ACCESS = `host all postgres all trust
host all node,poor,locked,busy,late all scram-sha-256
hostssl all secure all scram-sha-256`;

let postgres: Postgres;
beforeAll(async () => {
  postgres = await startPostgres();
  const [row] = await postgres.run("SHOW data_directory");
  for (const role of ["node LOGIN", "poor LOGIN", "locked NOLOGIN", "busy LOGIN CONNECTION LIMIT 0", "secure LOGIN"])
    await postgres.run(`CREATE ROLE ${role} PASSWORD '${PASSWORD}'`);
  await postgres.run("CREATE DATABASE lessons OWNER node");
  await postgres.run("CREATE DATABASE frozen OWNER node");
  await postgres.run("ALTER DATABASE frozen SET default_transaction_read_only = on");
  writeFileSync(join(String(row?.["data_directory"]), "pg_hba.conf"), ACCESS);
  await postgres.run("SELECT pg_reload_conf()");
});
afterAll(() => postgres.stop());

const urlOf = (user: string, rest: string) => `postgres://${user}@127.0.0.1:${postgres.port}/${rest}`;

/** Opens a store; what it logs, and what became of it. */
function open(url: string, options: Omit<StartOptions, "logger"> = {}) {
  const lines: Record<string, unknown>[] = [];
  const logger = { warn: (fields: object, text: string) => void lines.push({ ...fields, text }) };
  return { lines, opening: openStore({ kind: "postgres", url }, { ...options, logger }) };
}

async function refusal(opening: Promise<unknown>): Promise<string> {
  return opening.then(
    () => "opened",
    (error: Error) => error.message,
  );
}

it.each<[what: string, user: string, rest: string, line: RegExp]>([
  ["a wrong password", "node:wrong", "lessons", /password authentication failed for user "node"$/],
  ["no password", "node", "lessons", /asks for a password, and the URL has none/],
  ["a role that may not log in", `locked:${ENCODED}`, "lessons", /role "locked" is not permitted to log in$/],
  ["a role that is not let in", `other:${ENCODED}`, "lessons", /no pg_hba.conf entry for .*user "other"/],
  ["a server that wants TLS", `secure:${ENCODED}`, "lessons", /no pg_hba.conf entry for .*no encryption$/],
  ["a server that has no TLS", `node:${ENCODED}`, "lessons?sslmode=require", /no TLS.* sslmode=disable does without/],
  ["an unknown sslmode", `node:${ENCODED}`, "lessons?sslmode=on", /sslmode is "on"; allowed: disable, prefer/],
  ["no such file", `node:${ENCODED}`, "lessons?sslrootcert=/no.pem", /no such file or directory, open '\/no.pem'$/],
  ["no such database", `node:${ENCODED}`, "nowhere", /database "nowhere" does not exist$/],
  ["no right to make tables", `poor:${ENCODED}`, "lessons", /permission denied for schema public$/],
  ["too many connections", `busy:${ENCODED}`, "lessons", /too many connections for role "busy"$/],
  ["a server that only reads", `node:${ENCODED}`, "frozen", /it is a standby, or read-only \(/],
  ["a port that is none", `node:${ENCODED}`, "lessons?port=x", /its port is not a number/],
])("ends the start with one line: %s", async (_what, user, rest, line) => {
  const { opening, lines } = open(urlOf(user, rest));
  const message = await refusal(opening);
  expect(message).toMatch(/^DATABASE_URL cannot be used: /);
  expect(message).toMatch(line);
  expect(message).not.toContain("\n");
  for (const secret of [PASSWORD, ENCODED]) expect(message + JSON.stringify(lines)).not.toContain(secret);
});

it.each<[what: string, url: (port: number) => string, line: RegExp]>([
  ["a port where nothing listens", () => "postgres://u:hush@127.0.0.1:1/x", /127.0.0.1:1: nothing listens there/],
  [
    "a host that is not known",
    () => "postgres://u:hush@no.invalid/x",
    /no.invalid:5432: the name .* is not known|answer/,
  ],
  ["no such socket", () => "postgres:///x?host=/nowhere", /\/nowhere: there is no such socket/],
  ["another kind of server", (port) => `postgres://u:hush@127.0.0.1:${port}/x`, /is no PostgreSQL server/],
])("ends the start with one line: %s", async (_what, url, line) => {
  const mysql = createServer((socket) => socket.on("error", () => undefined).end("J\0\0\0\n8.0.33\0"));
  await new Promise<void>((listening) => mysql.listen(0, "127.0.0.1", listening));
  const address = mysql.address();
  const message = await refusal(open(url(typeof address === "object" ? (address?.port ?? 0) : 0)).opening);
  mysql.close();
  expect(message).toMatch(/^DATABASE_URL cannot be used: PostgreSQL at /);
  expect(message).toMatch(line);
  expect(message).not.toContain("hush");
});

it.each([ENCODED, "h%25u%40s%2Fh é"])("takes a password with all kinds of characters: %s", async (password) => {
  const store = await open(urlOf(`node:${password}`, "lessons")).opening;
  await store.ping();
  await store.close();
});

it("says which parameters nobody reads", async () => {
  const { opening, lines } = open(urlOf(`node:${ENCODED}`, "lessons?pool_timeout=3&channel_binding=require"));
  await (await opening).close();
  expect(lines).toEqual([expect.objectContaining({ unread: ["pool_timeout", "channel_binding"] })]);
});

it("waits where it is told to be patient, says why, and opens once it may", async () => {
  const { opening, lines } = open(urlOf("late:early", "late"), { isPatient: true });
  const reasons = () => lines.map(({ reason }) => String(reason));
  await eventually(() => reasons().some((reason) => reason.includes('authentication failed for user "late"')));
  await postgres.run("CREATE ROLE late LOGIN PASSWORD 'early'");
  await eventually(() => reasons().some((reason) => reason.includes('database "late" does not exist')));
  await postgres.run("CREATE DATABASE late OWNER late");
  const store = await opening;
  await store.close();
  expect(new Set(reasons()).size).toBe(lines.length); // each of them once
});

it("does not wait for ever for what no waiting mends", async () => {
  const { opening, lines } = open(urlOf("node:wrong", "lessons"), { isPatient: true, lastingMs: 300 });
  expect(await refusal(opening)).toMatch(/^DATABASE_URL cannot be used: .* password authentication failed/);
  expect(lines).toHaveLength(1);
});

it("waits for a server that is away, however long", async () => {
  await postgres.crash();
  const { opening, lines } = open(urlOf(`node:${ENCODED}`, "lessons"), { isPatient: true, lastingMs: 0 });
  await eventually(() => lines.some(({ reason }) => String(reason).includes("nothing listens there")));
  await postgres.start();
  await (await opening).close();
});

it("says why new connections fail while older ones live, as after a change of the password", async () => {
  const { opening, lines } = open(urlOf(`node:${ENCODED}`, "lessons"));
  const store = await opening;
  await store.ping();
  await postgres.run("ALTER ROLE node PASSWORD 'another'");
  const asked = await Promise.allSettled(Array.from({ length: 10 }, () => store.query("SELECT pg_sleep(0.05)", [])));
  await postgres.run(`ALTER ROLE node PASSWORD '${PASSWORD}'`);
  const errors = asked.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  expect(errors.length).toBeGreaterThan(0);
  expect(errors.length).toBeLessThan(10);
  expect(errors.every(isUnavailable)).toBe(true);
  expect(lines).toEqual([
    { reason: expect.stringContaining("password authentication failed"), text: "PostgreSQL cannot be used" },
  ]);
  await store.query("SELECT 1", []);
  await store.close();
});

it("names the versions that are too old", () => {
  expect(tooOld(90_624)).toBe("PostgreSQL 9.6 is too old: 13 or later is needed");
  expect(tooOld(120_019)).toBe("PostgreSQL 12 is too old: 13 or later is needed");
});
