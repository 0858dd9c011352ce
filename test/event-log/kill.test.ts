// A node on the embedded database dies by SIGKILL under load: what it had acknowledged is in its directory.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openStore } from "../../src/store/store.ts";
import { startChild } from "../support/child.ts";
import { eventually } from "../support/eventually.ts";
import { problems } from "./load.ts";

const PROGRAM = fileURLToPath(new URL("./embedded-node.ts", import.meta.url));

test("nothing that was acknowledged is lost, and offsets have no holes, however often it is killed", async () => {
  const dir = await mkdtemp(join(tmpdir(), "classwire-kill-"));
  const acknowledged = new Map<string, number>();
  const totals = new Map<string, number>();
  try {
    for (let round = 0; round < 2; round += 1) {
      const node = startChild(process.execPath, ["--import", "tsx", PROGRAM, dir]);
      const told = () => node.lines.filter((line) => line.startsWith("acknowledged "));
      await eventually(() => !node.isRunning() || told().length >= 20, { timeoutMs: 40_000, what: "acknowledgements" });
      expect(node.isRunning(), node.lines.slice(-5).join("\n")).toBe(true);
      node.kill("SIGKILL");
      await node.exited;
      for (const line of told()) {
        // The last line may be cut short.
        if (!line.endsWith("]]")) continue;
        const [events, credited] = JSON.parse(line.slice("acknowledged ".length));
        for (const [place, n] of events) acknowledged.set(place, n);
        for (const [user, total] of credited) totals.set(user, total);
      }
    }
    const store = await openStore({ kind: "embedded", dir });
    expect(await problems(store, { acknowledged, totals })).toEqual([]);
    expect(acknowledged.size).toBeGreaterThan(500);
    expect(totals.size).toBe(10);
    await store.close();
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}, 180_000);
