// The store on a real PostgreSQL server: in good times, and when many start at once.
import { Client } from "pg";
import { describe, expect, it } from "vitest";
import { openStore } from "../../src/store/store.ts";
import { createDatabase } from "../support/shared.ts";
import { lastingStoreSuite, storeSuite } from "./store.suite.ts";

const another = async () => ({ kind: "postgres" as const, url: await createDatabase() });

storeSuite("postgres", another);
lastingStoreSuite("postgres", another);

describe("a server that several nodes use", () => {
  it("is migrated once when they all start at once", async () => {
    const config = await another();
    const stores = await Promise.all(Array.from({ length: 6 }, () => openStore(config)));
    try {
      expect(new Set(stores.map(({ history }) => history.epoch)).size).toBe(1);
      const applied = await stores[0]?.query("SELECT migration_name FROM _prisma_migrations", []);
      expect(new Set(applied?.map((row) => JSON.stringify(row))).size).toBe(applied?.length);
    } finally {
      await Promise.all(stores.map((store) => store.close()));
    }
  });

  it("shows who is connected, and not more than ten connections per node", async () => {
    const store = await openStore(await another());
    try {
      const [row] = await Promise.all([
        store.query<{ name: string }>("SELECT current_setting('application_name') AS name", []),
        ...Array.from({ length: 40 }, () => store.query("SELECT pg_sleep(0.02)", [])),
        ...Array.from({ length: 40 }, () => store.prisma.setting.findMany()),
      ]);
      expect(row).toEqual([{ name: "classwire" }]);
      const [count] = await store.query<{ count: number }>(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'classwire'",
        [],
      );
      expect(count?.count).toBeLessThanOrEqual(10);
    } finally {
      await store.close();
    }
  });

  it("may have its own time zone and date style", async () => {
    const { url } = await another();
    const name = new URL(url).pathname.slice(1);
    await asAdministrator(url, `ALTER DATABASE ${name} SET TimeZone = 'Asia/Shanghai'`);
    await asAdministrator(url, `ALTER DATABASE ${name} SET DateStyle = 'German'`);
    const store = await openStore({ kind: "postgres", url });
    try {
      const coveredUntil = new Date("2026-11-21T03:21:21.488Z");
      await store.prisma.studyTime.create({ data: { userId: "u", courseId: "c", coveredUntil } });
      expect(await store.prisma.studyTime.findFirst()).toMatchObject({ coveredUntil });
      expect(await store.query("SELECT covered_until FROM study_time", [])).toEqual([{ covered_until: coveredUntil }]);
    } finally {
      await store.close();
    }
  });

  it("may name another schema in its URL", async () => {
    const { url } = await another();
    const store = await openStore({ kind: "postgres", url: `${url}?schema=class%20wire` });
    try {
      await store.prisma.setting.create({ data: { name: "here", value: "" } });
      expect(await store.query(`SELECT name FROM "class wire".settings WHERE name = 'here'`, [])).toHaveLength(1);
    } finally {
      await store.close();
    }
    const elsewhere = await openStore({ kind: "postgres", url });
    await elsewhere.close();
    expect(elsewhere.history.epoch).not.toBe(store.history.epoch);
  });

  it("may change a table under a prepared statement", async () => {
    const config = await another();
    const store = await openStore(config);
    try {
      const read = () => store.query("SELECT * FROM run_sessions", []);
      await Promise.all([read(), read()]);
      await asAdministrator(config.url, "ALTER TABLE run_sessions ADD COLUMN note text");
      await store.query("INSERT INTO run_sessions (id, user_id) VALUES ('r', 'u')", []);
      for (const rows of await Promise.all([read(), read(), read()])) expect(rows).toMatchObject([{ note: null }]);
    } finally {
      await store.close();
    }
  });
});

describe("a server that cannot be used", () => {
  const open = (url: string) => openStore({ kind: "postgres", url });

  it("stops the start with one line that names it and no password", async () => {
    const refused: unknown = await open("postgres://u:secret@localhost:1/x").catch((error: unknown) => error);
    expect(refused).toMatchObject({
      message: expect.stringMatching(
        /^DATABASE_URL cannot be used: PostgreSQL at localhost:1: nothing listens there .+$/,
      ),
    });
    expect(String(refused)).not.toContain("secret");
    const nonsense: unknown = await open("postgres://u:secret@:x").catch((error: unknown) => error);
    expect(String(nonsense)).not.toContain("secret");
  });

  it("stops the start when the database does not exist", async () => {
    const url = new URL(await createDatabase());
    url.pathname = "/nowhere";
    await expect(open(url.href)).rejects.toThrow(/database "nowhere" does not exist/);
  });
});

async function asAdministrator(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
