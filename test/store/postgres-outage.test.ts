// The store while its PostgreSQL server crashes, freezes, throws it out and comes back.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isUnavailable } from "../../src/store/errors.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { eventually } from "../support/eventually.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";

let postgres: Postgres;
let store: Store;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  store = await openStore({ kind: "postgres", url: await postgres.createDatabase() });
});
afterEach(() => store.close());

/** Every way to use a store. */
const uses: Record<string, () => Promise<unknown>> = {
  "the raw path": () => store.query("SELECT 1", []),
  Prisma: () => store.prisma.setting.findMany(),
  "Prisma's raw queries": () => store.prisma.$queryRaw`SELECT 1`,
  "a transaction": () => store.prisma.$transaction(async (tx) => tx.setting.findMany()),
  "a batch": () => store.prisma.$transaction([store.prisma.setting.findMany()]),
  ping: () => store.ping(),
};

/** Uses it in every way at once. @returns what became of each, and how long the longest took in ms */
async function useAll(): Promise<{ outcomes: Record<string, string>; took: number }> {
  const start = performance.now();
  const outcomes = await Promise.all(
    Object.entries(uses).map(async ([name, use]) => [
      name,
      await use().then(
        () => "answered",
        (error: unknown) => (isUnavailable(error) ? "unavailable" : `not recognised: ${String(error)}`),
      ),
    ]),
  );
  return { outcomes: Object.fromEntries(outcomes), took: performance.now() - start };
}

const all = (outcome: string) => Object.fromEntries(Object.keys(uses).map((name) => [name, outcome]));

describe("the store", () => {
  it("says unavailable while the server is gone, and recovers when it is back", async () => {
    expect((await useAll()).outcomes).toEqual(all("answered"));
    await postgres.crash();
    expect((await useAll()).outcomes).toEqual(all("unavailable"));
    await postgres.start();
    await eventually(async () => expect((await useAll()).outcomes).toEqual(all("answered")));
  });

  it("fails what is under way when the server crashes, and keeps what was acknowledged", async () => {
    const acknowledged: string[] = [];
    let stop = false;
    const writer = async (name: string) => {
      for (let n = 0; !stop; n += 1) {
        const key = `${name}-${n}`;
        await store.query("INSERT INTO settings VALUES ($1, '')", [key]).then(
          () => acknowledged.push(key),
          (error: unknown) => expect(isUnavailable(error)).toBe(true),
        );
      }
    };
    const writers = ["a", "b", "c", "d"].map(writer);
    await eventually(() => acknowledged.length > 100);
    await postgres.crash();
    stop = true;
    await Promise.all(writers);
    await postgres.start();
    const rows = await eventually(() => store.query<{ name: string }>("SELECT name FROM settings", []));
    const kept = new Set(rows.map(({ name }) => name));
    expect(acknowledged.filter((key) => !kept.has(key))).toEqual([]);
  });

  it("keeps nobody waiting for a server that is frozen, and recovers when it thaws", async () => {
    await useAll();
    postgres.pause();
    try {
      const { outcomes, took } = await useAll();
      expect(outcomes).toEqual(all("unavailable"));
      expect(took).toBeLessThan(9_000); // 4.5 s, and what a loaded machine adds
    } finally {
      postgres.resume();
    }
    await eventually(async () => expect((await useAll()).outcomes).toEqual(all("answered")));
  });

  it("leaves no connection within a transaction behind when the server freezes in the middle of one", async () => {
    const open = store.prisma.$transaction(
      async (tx) => {
        await tx.setting.create({ data: { name: "half", value: "" } });
        postgres.pause();
        await tx.setting.findMany();
      },
      { timeout: 20_000 },
    );
    try {
      expect(isUnavailable(await open.catch((error: unknown) => error))).toBe(true);
    } finally {
      postgres.resume();
    }
    // What is acknowledged now must be there for a stranger too: had it gone into the old transaction, it would not be.
    const writes = Array.from({ length: 10 }, (_, n) =>
      store.query("INSERT INTO settings VALUES ($1, '')", [`after-${n}`]),
    );
    await Promise.all(writes);
    const stranger = await openStore({ kind: "postgres", url: await urlOf(store) });
    try {
      const seen = await stranger.query("SELECT name FROM settings WHERE name LIKE 'after-%' OR name = 'half'", []);
      expect(seen).toHaveLength(10);
    } finally {
      await stranger.close();
    }
  });

  it("survives being thrown out by an administrator", async () => {
    await Promise.all(Array.from({ length: 5 }, () => store.query("SELECT pg_sleep(0.01)", [])));
    const gone: unknown = await store
      .query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()", [])
      .catch((error: unknown) => error);
    expect(isUnavailable(gone)).toBe(true);
    await eventually(async () => expect((await useAll()).outcomes).toEqual(all("answered")));
  });

  it("calls a read-only server and a statement that takes too long unavailable", async () => {
    const late: unknown = await store.query("SELECT pg_sleep(30)", []).catch((error: unknown) => error);
    expect(late).toMatchObject({ code: "57014" });
    expect(isUnavailable(late)).toBe(true);
    const refused: unknown = await store
      .query("SELECT set_config('transaction_read_only', 'on', true), nextval('quiz_results_id_seq')", [])
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "25006" });
    expect(isUnavailable(refused)).toBe(true);
  });

  it("closes although the server is frozen", async () => {
    const frozen = await openStore({ kind: "postgres", url: await postgres.createDatabase() });
    postgres.pause();
    try {
      const waiting = frozen.query("SELECT 1", []).catch((error: unknown) => error);
      const start = performance.now();
      await frozen.close();
      expect(performance.now() - start).toBeLessThan(8_000);
      expect(isUnavailable(await waiting)).toBe(true);
    } finally {
      postgres.resume();
    }
  });
});

/** The URL of the database that a store uses. */
async function urlOf(of: Store): Promise<string> {
  const [row] = await of.query<{ name: string }>("SELECT current_database() AS name", []);
  return postgres.url(row?.name);
}
