// One process at a time in a data directory, with real processes that live and die.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockDirectory } from "../../src/store/directory-lock.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "classwire-lock-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** The name of our claim, of which those of others are made. */
async function claimName(): Promise<string[]> {
  const lock = await lockDirectory(directory);
  const [name = ""] = readdirSync(directory);
  await lock.release();
  return name.split(".");
}

/** Puts the claim of somebody else into the directory. */
async function claim(changes: { place?: string; pid?: number; started?: string }): Promise<string> {
  const [prefix, place, pid, started] = await claimName();
  const name = [prefix, changes.place ?? place, changes.pid ?? pid, changes.started ?? started, "x"].join(".");
  writeFileSync(join(directory, name), "");
  return join(directory, name);
}

describe("lockDirectory", () => {
  it("gives a directory, which it makes, to one after the other", async () => {
    const missing = join(directory, "a", "b");
    const lock = await lockDirectory(missing);
    await expect(lockDirectory(missing)).rejects.toThrow(
      `The data directory ${missing} (DATA_DIR) is in use by this process`,
    );
    await lock.release();
    expect(readdirSync(missing)).toEqual([]);
    await (await lockDirectory(missing)).release();
  });

  it("never gives it to two that come at the same time", async () => {
    let won = 0;
    for (let round = 0; round < 10; round += 1) {
      const racers = await Promise.allSettled(Array.from({ length: 5 }, () => lockDirectory(directory)));
      const winners = racers.flatMap((racer) => (racer.status === "fulfilled" ? [racer.value] : []));
      expect(winners.length).toBeLessThanOrEqual(1);
      won += winners.length;
      await Promise.all(winners.map((lock) => lock.release()));
      expect(readdirSync(directory)).toEqual([]);
    }
    expect(won).toBeGreaterThan(0);
  });

  it("refuses while another process has it, and takes it over once that is killed", async () => {
    const other = spawn(process.execPath, ["-e", "console.log(1); setInterval(() => {}, 1000)"]);
    const died = new Promise((resolve) => other.once("exit", resolve));
    await new Promise((resolve) => other.stdout.once("data", resolve));
    try {
      const started = process.platform === "linux" ? (startOf(other.pid) ?? "") : "";
      await claim({ pid: other.pid ?? 0, started });
      await expect(lockDirectory(directory)).rejects.toThrow(`is in use by process ${other.pid}`);
    } finally {
      other.kill("SIGKILL");
      await died;
    }
    await (await lockDirectory(directory)).release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it("is not taken in by a process that got the number of a dead one", async () => {
    const path = await claim({ started: "1" });
    const taken = lockDirectory(directory);
    if (process.platform === "linux") await (await taken).release();
    else await expect(taken).rejects.toThrow("is in use");
    expect(readdirSync(directory).some((name) => path.endsWith(name))).toBe(process.platform !== "linux");
  });

  it("believes a claim from another machine as long as somebody touches it", async () => {
    const path = await claim({ place: "elsewhere", pid: 1 });
    const touching = setInterval(() => utimesSync(path, new Date(), new Date()), 500);
    try {
      await expect(lockDirectory(directory)).rejects.toThrow("is in use by process 1");
    } finally {
      clearInterval(touching);
    }
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(path, longAgo, longAgo);
    await (await lockDirectory(directory)).release();
  });
});

/** Field 22 of /proc/<pid>/stat. */
function startOf(pid: number | undefined): string | undefined {
  return readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ")[19];
}
