// What holds for every store, whatever database is behind it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isUnavailable } from "../../src/store/errors.ts";
import { readMigrations } from "../../src/store/migrations.ts";
import { openStore, type Store, type StoreConfig } from "../../src/store/store.ts";

/** Runs the suite. @param another a configuration of a database that nobody has used yet */
export function storeSuite(kind: StoreConfig["kind"], another: () => Promise<StoreConfig>): void {
  describe(`a ${kind} store`, () => {
    let store: Store;
    beforeAll(async () => {
      store = await openStore(await another());
    });
    afterAll(() => store.close());

    it("answers", async () => {
      expect(store.kind).toBe(kind);
      await store.ping();
    });

    it("has an epoch that no other database has", async () => {
      expect(store.history.epoch).toMatch(/^[0-9a-f-]{36}$/);
      const other = await openStore(await another());
      await other.close();
      expect(other.history.epoch).not.toBe(store.history.epoch);
    });

    it("has recorded its migrations as Prisma does", async () => {
      const shipped = await readMigrations();
      const rows = await store.query<Record<string, unknown>>(
        `SELECT migration_name, checksum, applied_steps_count, logs, rolled_back_at, finished_at >= started_at AS finished
           FROM _prisma_migrations ORDER BY started_at`,
        [],
      );
      expect(shipped.length).toBeGreaterThan(0);
      expect(rows).toEqual(
        shipped.map(({ name, checksum }) => ({
          migration_name: name,
          checksum,
          applied_steps_count: 1,
          logs: null,
          rolled_back_at: null,
          finished: true,
        })),
      );
    });

    it("keeps what Prisma writes and what the raw path writes in one place", async () => {
      await store.prisma.setting.create({ data: { name: "both", value: "1" } });
      await store.query("UPDATE settings SET value = $1 WHERE name = $2", ["2", "both"]);
      expect(await store.prisma.setting.findUnique({ where: { name: "both" } })).toEqual({ name: "both", value: "2" });
    });

    it("agrees with Prisma about instants", async () => {
      const now = new Date("2026-03-29T01:30:00.123Z");
      const study = { userId: "instant", courseId: "c" };
      await store.prisma.studyTime.create({ data: { ...study, coveredUntil: now } });
      const [row] = await store.query("SELECT covered_until AS at, covered_until = $1 AS same FROM study_time", [now]);
      expect(row).toEqual({ at: now, same: true });
      expect(await store.prisma.studyTime.findFirst({ where: study })).toMatchObject({ coveredUntil: now });
    });

    it("takes and gives values of every type that we use", async () => {
      const at = new Date("2026-11-21T03:21:21.488Z");
      const [row] = await store.query(
        `SELECT $1::text AS text, $2::int AS int, $3::bigint AS bigint, $4::bigint AS large, $5::boolean AS boolean,
                $6::timestamptz AS instant, $7::json AS json, $8::jsonb AS jsonb, $9::bytea AS bytes, $10::text AS missing,
                2.50::numeric AS numeric, 0.1::float8 AS float, '2026-11-21'::date AS date, $11::timestamp AS local`,
        ['ü "\\', -1, 7n, 2n ** 60n, false, at, { b: 1, a: [null] }, "[1]", new Uint8Array([0, 255]), undefined, at],
      );
      expect(row).toEqual({
        text: 'ü "\\',
        int: -1,
        bigint: 7,
        large: 2n ** 60n,
        boolean: false,
        instant: at,
        json: { b: 1, a: [null] },
        jsonb: [1],
        bytes: new Uint8Array([0, 255]),
        missing: null,
        numeric: "2.50",
        float: 0.1,
        date: "2026-11-21",
        local: at,
      });
    });

    it("takes and gives arrays of them", async () => {
      const at = new Date("2026-11-21T03:21:21.488Z");
      const texts = ["", "NULL", null, "{a,b}", 'q"\\', "\n"];
      const [row] = await store.query(
        `SELECT $1::text[] AS texts, $2::bigint[] AS bigints, $3::timestamptz[] AS instants, $4::json[] AS jsons,
                $5::boolean[] AS booleans, $6::text[] AS none, $7::int[] AS nested`,
        [texts, [1, 2n ** 60n], [at, null], [{ a: 'b"' }, "2"], [true, false], [], [[1], [2]]],
      );
      expect(row).toEqual({
        texts,
        bigints: [1, 2n ** 60n],
        instants: [at, null],
        jsons: [{ a: 'b"' }, 2],
        booleans: [true, false],
        none: [],
        nested: [[1], [2]],
      });
    });

    it("goes on after a statement that is wrong, and does not call it unavailable", async () => {
      const wrong: [string, unknown[], string][] = [
        ["SELEC 1", [], "42601"],
        ["SELECT $1::int", ["x"], "22P02"],
        ["SELECT $1::text", ["\u0000"], "22021"],
        ["INSERT INTO settings VALUES ('epoch', '')", [], "23505"],
        ["SELECT * FROM nowhere", [], "42P01"],
      ];
      for (const [sql, parameters, code] of wrong) {
        const error: unknown = await store.query(sql, parameters).catch((reason: unknown) => reason);
        expect(error).toMatchObject({ code });
        expect(isUnavailable(error)).toBe(false);
      }
      const taken: unknown = await store.prisma.setting
        .create({ data: { name: "epoch", value: "" } })
        .catch((error: unknown) => error);
      expect(taken).toMatchObject({ code: "P2002" });
      expect(isUnavailable(taken)).toBe(false);
      expect(await store.query("SELECT 1 AS one", [])).toEqual([{ one: 1 }]);
    });

    it("runs many statements at once, each once", async () => {
      const numbers = Array.from({ length: 200 }, (_, at) => at);
      const insert = (n: number) => store.query("INSERT INTO run_sessions VALUES ($1, $2)", [`many-${n}`, "u"]);
      await Promise.all(numbers.map(insert));
      expect(await store.prisma.runSession.count({ where: { id: { startsWith: "many-" } } })).toBe(numbers.length);
    });

    it("commits a transaction of Prisma's, or nothing of it", async () => {
      const write = (value: string) => store.prisma.setting.create({ data: { name: `tx-${value}`, value } });
      await store.prisma.$transaction(async (tx) => {
        await tx.setting.create({ data: { name: "tx-kept", value: "" } });
        await tx.$executeRaw`UPDATE settings SET value = 'raw' WHERE name = 'tx-kept'`;
      });
      const thrown = store.prisma.$transaction(async (tx) => {
        await tx.setting.create({ data: { name: "tx-thrown", value: "" } });
        throw new Error("changed my mind");
      });
      await expect(thrown).rejects.toThrow("changed my mind");
      await expect(store.prisma.$transaction([write("batch"), write("batch")])).rejects.toMatchObject({
        code: "P2002",
      });
      expect(await store.query("SELECT name, value FROM settings WHERE name LIKE 'tx-%'", [])).toEqual([
        { name: "tx-kept", value: "raw" },
      ]);
    });

    it("takes an isolation level", async () => {
      const level = store.prisma.$transaction((tx) => tx.$queryRaw`SHOW transaction_isolation`, {
        isolationLevel: "Serializable",
      });
      expect(await level).toEqual([{ transaction_isolation: "serializable" }]);
    });

    it("keeps the raw path out of an open transaction", async () => {
      let raw: Promise<unknown> | undefined;
      const open = store.prisma.$transaction(async (tx) => {
        await tx.setting.create({ data: { name: "open", value: "" } });
        raw = store.query("INSERT INTO settings VALUES ('outside', '')", []);
        await tx.setting.findMany();
        throw new Error("roll back");
      });
      await expect(open).rejects.toThrow("roll back");
      await raw;
      const rows = await store.query("SELECT name FROM settings WHERE name IN ('open', 'outside')", []);
      expect(rows).toEqual([{ name: "outside" }]);
    });

    it("ends a transaction that takes too long, and lets the others go on", async () => {
      const slow = store.prisma.$transaction(
        async (tx) => {
          await tx.setting.create({ data: { name: "slow", value: "" } });
          while ((await tx.setting.count()) > 0); // until its time is over
        },
        { timeout: 300 },
      );
      await expect(slow).rejects.toMatchObject({ code: "P2028" });
      expect(await store.query("SELECT name FROM settings WHERE name = 'slow'", [])).toEqual([]);
    });

    it("says that it is closed, and closes twice", async () => {
      const closed = await openStore(await another());
      await closed.close();
      await closed.close();
      for (const use of [
        () => closed.query("SELECT 1", []),
        () => closed.ping(),
        () => closed.prisma.setting.count(),
      ]) {
        const error: unknown = await use().catch((reason: unknown) => reason);
        expect(isUnavailable(error)).toBe(true);
      }
    });
  });
}

/** For the kinds whose data outlive the process. */
export function lastingStoreSuite(kind: StoreConfig["kind"], another: () => Promise<StoreConfig>): void {
  describe(`a ${kind} store that is opened again`, () => {
    it("is the same database, and is not migrated twice", async () => {
      const config = await another();
      const first = await openStore(config);
      await first.query("INSERT INTO settings VALUES ('kept', 'yes')", []);
      await first.close();
      const second = await openStore(config);
      try {
        expect(second.history.epoch).toBe(first.history.epoch);
        expect(await second.prisma.setting.findUnique({ where: { name: "kept" } })).toMatchObject({ value: "yes" });
        const [{ count } = {}] = await second.query<{ count?: number }>("SELECT count(*) FROM _prisma_migrations", []);
        expect(count).toBe((await readMigrations()).length);
      } finally {
        await second.close();
      }
    });
  });
}
