// The prepared directory of the embedded database: made once, kept, and made for one use where nothing can be kept.
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { pgliteTemplate } from "../../src/store/pglite-template.ts";
import { startChild } from "../support/child.ts";
import { unprivileged } from "../support/processes.ts";
import { root } from "../support/source-files.ts";

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

it("is read by every user, and written by its maker alone", async () => {
  chmodSync(home, 0o755);
  const cache = join(home, "cache");
  const { path } = await pgliteTemplate(cache);
  const inside = readdirSync(path, { recursive: true }).map((name) => join(path, String(name)));
  const modes = [cache, path, ...inside]
    .map((file) => statSync(file))
    .map((stats) => [stats.isFile(), stats.mode & 0o77]);
  expect(modes.filter(([isFile, mode]) => mode !== (isFile ? 0o44 : 0o55))).toEqual([]);

  // The next user starts with it (as root we can be one), and has a copy that nobody else reads.
  const user = unprivileged();
  const data = mkdtempSync(join(tmpdir(), "classwire-data-"));
  if (user !== undefined) chownSync(data, user.uid, user.gid);
  const program = `
    import { copyTree, pgliteTemplate } from ${JSON.stringify(join(root, "src/store/pglite-template.ts"))};
    const { path } = await pgliteTemplate(${JSON.stringify(cache)});
    await copyTree(path, ${JSON.stringify(join(data, "copy"))});
    console.log(path);
  `;
  const args = ["--import", "tsx", "--input-type=module", "-e", program];
  const child = startChild(process.execPath, args, { cwd: root, ...user });
  expect(await child.exited).toEqual({ code: 0, signal: null });
  expect(child.lines).toEqual([path]);
  const copies = readdirSync(join(data, "copy"), { recursive: true }).map((name) => join(data, "copy", String(name)));
  expect(copies.filter((file) => (statSync(file).mode & 0o077) !== 0)).toEqual([]);
  rmSync(data, { recursive: true, force: true });
});

it("is made for one use where the one in the cache may come from anybody", async () => {
  const cache = join(home, "planted");
  const path = join(cache, basename((await pgliteTemplate(join(home, "cache"))).path));
  mkdirSync(path, { recursive: true, mode: 0o755 });
  writeFileSync(join(path, "PG_VERSION"), "");
  expect((await pgliteTemplate(cache)).path).toBe(path); // it is our own, and so it is believed
  const user = unprivileged();
  if (user !== undefined) chownSync(path, user.uid, user.gid);
  else chmodSync(path, 0o777);
  const base = await pgliteTemplate(cache);
  expect(base.path).not.toBe(path);
  expect(statSync(join(base.path, "PG_VERSION")).size).toBeGreaterThan(0);
  await base.done();
});
