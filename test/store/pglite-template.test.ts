// The prepared directory of the embedded database: made once, kept, and made for one use where nothing can be kept.
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { pgliteTemplate } from "../../src/store/pglite-template.ts";

// Each time takes 5 s where nothing else is going on.
vi.setConfig({ testTimeout: 180_000 });

const home = mkdtempSync(join(tmpdir(), "classwire-cache-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

it("is made once, whoever asks at the same time, and kept", async () => {
  const cache = join(home, "cache");
  const [one, two] = await Promise.all([pgliteTemplate(cache), pgliteTemplate(cache)]);
  expect(two.path).toBe(one.path);
  await Promise.all([one.done(), two.done()]);
  expect(existsSync(join(one.path, "PG_VERSION"))).toBe(true);
  expect(readdirSync(cache, { recursive: true }).filter((name) => String(name).startsWith("making"))).toEqual([
    "making",
  ]);
  const { mtimeMs } = statSync(one.path);
  const third = await pgliteTemplate(cache);
  expect(statSync(third.path).mtimeMs).toBe(mtimeMs);
});

it("is made for one use where the cache cannot be", async () => {
  const file = join(home, "file");
  writeFileSync(file, "");
  chmodSync(file, 0o400);
  const base = await pgliteTemplate(join(file, "cache"));
  expect(existsSync(join(base.path, "PG_VERSION"))).toBe(true);
  await base.done();
  expect(existsSync(base.path)).toBe(false);
});
