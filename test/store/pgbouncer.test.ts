// The store behind a connection pooler in transaction mode, which gives each statement whatever session is free.
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore, type Store } from "../../src/store/store.ts";
import { type PgBouncer, startPgBouncer } from "../support/pgbouncer.ts";
import { createDatabase } from "../support/shared.ts";
import { lastingStoreSuite, storeSuite } from "./store.suite.ts";

let port: number;
let pooler: PgBouncer;
beforeAll(async () => {
  port = Number(new URL(await createDatabase()).port);
  pooler = await startPgBouncer(port, "transaction");
});
afterAll(() => pooler.stop());

const another = async () => ({ kind: "postgres" as const, url: pooler.url(await createDatabase()) });

/** Runs a statement on a database, past the pooler. */
async function run(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const direct = new URL(url);
  direct.port = String(port);
  const client = new pg.Client({ connectionString: direct.href });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

storeSuite("postgres", another);
lastingStoreSuite("postgres", another);

describe("a store behind a pooler in transaction mode", () => {
  let store: Store;
  let url: string;
  beforeAll(async () => {
    ({ url } = await another());
    store = await openStore({ kind: "postgres", url });
  });
  afterAll(() => store.close());

  it("runs the same statements on many connections at once, again and again", async () => {
    for (let round = 0; round < 3; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, n) => store.query<{ n: number }>("SELECT $1::int AS n, pg_sleep(0.002)", [n])),
      );
      expect(answers.map(([row]) => row?.n)).toEqual(answers.map((_, n) => n));
    }
  });

  it("leaves nobody else's sessions with our settings", async () => {
    await Promise.all(Array.from({ length: 40 }, () => store.query("SELECT pg_sleep(0.005)", [])));
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    const seen = new Set<string>();
    for (let n = 0; n < 20; n += 1) {
      const { rows } = await other.query(
        "SELECT current_setting('statement_timeout') || current_setting('search_path') AS s",
      );
      seen.add(rows[0].s);
    }
    await other.end();
    expect([...seen]).toEqual([`0"$user", public`]);
  });

  it("is migrated once when several nodes start at once, and leaves no lock behind", async () => {
    const config = await another();
    const stores = await Promise.all(Array.from({ length: 6 }, () => openStore(config)));
    const applied = await stores[0]?.query<{ name: string }>(
      "SELECT migration_name AS name FROM _prisma_migrations",
      [],
    );
    await Promise.all(stores.map((one) => one.close()));
    expect(applied?.length).toBeGreaterThan(0);
    expect(new Set(applied?.map(({ name }) => name)).size).toBe(applied?.length);
    const locks = `SELECT count(*)::int FROM pg_locks JOIN pg_database ON pg_database.oid = database
                    WHERE locktype = 'advisory' AND datname = current_database()`;
    expect(await run(config.url, locks)).toEqual([{ count: 0 }]);
  });

  it("serves another schema only where the role leads there, and says what to do", async () => {
    const database = await createDatabase();
    const config = { kind: "postgres" as const, url: `${pooler.url(database)}?schema=lessons` };
    await expect(openStore(config)).rejects.toThrow(
      /^DATABASE_URL cannot be used: the connection pooler at \S+ does not lead to the schema lessons: ALTER ROLE … SET search_path = "lessons", /,
    );
    const name = new URL(database).pathname.slice(1);
    await run(database, `ALTER DATABASE ${name} SET search_path = lessons`);
    await run(
      database,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    const opened = await openStore(config);
    expect(await opened.query("SELECT name FROM lessons.settings WHERE name = 'epoch'", [])).toHaveLength(1);
    await opened.close();
  });
});

it("a pooler in statement mode, which has no transactions, is refused with what to do", async () => {
  const statements = await startPgBouncer(port, "statement");
  try {
    const url = statements.url(await createDatabase());
    await expect(openStore({ kind: "postgres", url })).rejects.toThrow(
      /^DATABASE_URL cannot be used: .*pool_mode = statement: transaction is needed/,
    );
  } finally {
    await statements.stop();
  }
});

it("a pooler in session mode serves too", async () => {
  const sessions = await startPgBouncer(port, "session");
  try {
    const store = await openStore({ kind: "postgres", url: sessions.url(await createDatabase()) });
    await store.ping();
    await store.close();
  } finally {
    await sessions.stop();
  }
});
