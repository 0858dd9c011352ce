// The embedded store in a directory: one process at a time, nothing lost by a kill or a breakdown, and where it comes from.
import fs, { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it, vi } from "vitest";
import { isUnavailable } from "../../src/store/errors.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { startChild } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { lastingStoreSuite, storeSuite } from "./store.suite.ts";

// Many starts, some of them in processes of their own; the first one on a machine has to prepare something for 5 s.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const home = mkdtempSync(join(tmpdir(), "classwire-embedded-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
let made = 0;
const another = async () => {
  made += 1;
  return { kind: "embedded" as const, dir: join(home, String(made), "data") };
};

storeSuite("embedded", another);
lastingStoreSuite("embedded", another);

const names = async (store: Store, like: string): Promise<string[]> => {
  const rows = await store.query<{ name: string }>("SELECT name FROM settings WHERE name LIKE $1 ORDER BY name", [
    like,
  ]);
  return rows.map(({ name }) => name);
};

describe("a data directory", () => {
  it("is refused to a second process, and after a kill has everything that was acknowledged", async () => {
    const config = await another();
    const holder = fileURLToPath(new URL("directory-holder.ts", import.meta.url));
    for (const round of [1, 2]) {
      const child = startChild(process.execPath, ["--import", "tsx", holder, config.dir]);
      await child.line(/^open$/, 60_000);
      await expect(openStore(config)).rejects.toThrow(/^The data directory .+ is in use by process \d+$/);
      await child.line(new RegExp(`^acknowledged ${round * 20}$`), 60_000);
      child.kill("SIGKILL");
      await child.exited;
      const last = Number(child.lines.at(-1)?.replace("acknowledged ", ""));
      expect(last).toBeGreaterThanOrEqual(20);
      const store = await openStore(config);
      try {
        const kept = await names(store, "%-%");
        for (const kind of ["raw", "prisma", "second"])
          for (let n = 0; n <= last; n += 1) expect(kept).toContain(`${kind}-${n}`);
        // Of the transaction that was under way there is all or nothing.
        const count = (kind: string) => kept.filter((name) => name.startsWith(kind)).length;
        expect(count("second-")).toBe(count("prisma-"));
        await store.query("DELETE FROM settings WHERE name LIKE '%-%'", []);
      } finally {
        await store.close();
      }
    }
  });

  it("has every commit on the disk before it acknowledges it", async () => {
    const store = await openStore(await another());
    let synced = 0;
    const real = fs.fsyncSync;
    fs.fsyncSync = (descriptor) => {
      real(descriptor);
      synced += 1;
    };
    syncBuiltinESMExports();
    try {
      for (const n of [1, 2, 3]) {
        await store.query("INSERT INTO settings VALUES ($1, '')", [`commit-${n}`]);
        expect(synced).toBeGreaterThanOrEqual(n);
      }
      expect(await store.query("SELECT current_setting('full_page_writes') AS is", [])).toEqual([{ is: "on" }]);
    } finally {
      fs.fsyncSync = real;
      syncBuiltinESMExports();
      await store.close();
    }
  });

  it("is whole or not there when the first start was cut short", async () => {
    const config = await another();
    const first = await openStore(config);
    await first.close();
    const database = join(config.dir, "pglite");
    renameSync(database, `${database}.unfinished`);
    rmSync(join(`${database}.unfinished`, "global"), { recursive: true });
    const second = await openStore(config);
    await second.close();
    expect(second.history.epoch).not.toBe(first.history.epoch);
    expect(existsSync(`${database}.unfinished`)).toBe(false);
  });

  it("that is damaged stops the start with one line, and is given back", async () => {
    const config = await another();
    await (await openStore(config)).close();
    rmSync(join(config.dir, "pglite", "global", "pg_control"));
    for (const _ of [1, 2])
      await expect(openStore(config)).rejects.toThrow(
        /^The embedded database does not start: .*(PANIC|FATAL): [^\n]+$/,
      );
    expect(readdirSync(config.dir)).toEqual(["pglite"]);
  });
});

describe("a server that breaks down", () => {
  /** Takes the log away, which is the end of a PostgreSQL that wants to write. */
  async function breakDown(store: Store, log: string): Promise<string[]> {
    renameSync(log, `${log}.away`);
    const acknowledged: string[] = [];
    for (let n = 0; ; n += 1) {
      const error: unknown = await store
        .query("INSERT INTO settings SELECT $1, '' FROM pg_switch_wal()", [`while-${n}`])
        .then(
          () => void acknowledged.push(`while-${n}`),
          (reason: unknown) => reason,
        );
      if (error === undefined) continue;
      expect(isUnavailable(error)).toBe(true);
      return acknowledged;
    }
  }

  it("is unavailable, acknowledges nothing that it does not keep, and comes back by itself", async () => {
    const config = await another();
    const log = join(config.dir, "pglite", "pg_wal");
    const store = await openStore(config);
    try {
      await store.query("INSERT INTO settings VALUES ('before', '')", []);
      const acknowledged = await breakDown(store, log);
      const uses = [() => store.ping(), () => store.prisma.setting.count(), () => store.query("SELECT 1", [])];
      for (const use of uses) expect(isUnavailable(await use().catch((error: unknown) => error))).toBe(true);
      renameSync(`${log}.away`, log);
      await eventually(() => store.ping().then(() => true));
      expect(await names(store, "before")).toEqual(["before"]);
      expect(await names(store, "while-%")).toEqual(acknowledged.sort());
      await store.prisma.setting.create({ data: { name: "after", value: "" } });
    } finally {
      await store.close();
    }
  });

  it("fails a transaction of Prisma's that is under way", async () => {
    const config = await another();
    const log = join(config.dir, "pglite", "pg_wal");
    const store = await openStore(config);
    try {
      const open = store.prisma.$transaction(async (tx) => {
        await tx.setting.create({ data: { name: "within", value: "" } });
        renameSync(log, `${log}.away`);
        for (;;) await tx.$queryRaw`SELECT pg_switch_wal()::text, pg_logical_emit_message(true, 'x', 'y')::text`;
      });
      expect(isUnavailable(await open.catch((error: unknown) => error))).toBe(true);
      renameSync(`${log}.away`, log);
      await eventually(() => store.ping().then(() => true));
      expect(await names(store, "within")).toEqual([]);
    } finally {
      await store.close();
    }
  });
});
