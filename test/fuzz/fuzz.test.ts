// A short fire on the standalone server: it answers to the end, logs no fault, and keeps nothing. npm run fuzz is the long one.

import { expect, it } from "vitest";
import { printedSeed } from "../support/random.ts";
import { fire } from "./fire.ts";
import { residentBytes, startTarget } from "./target.ts";

const MEGABYTE = 1_048_576;

it("twenty thousand hostile frames change nothing", { timeout: 180_000 }, async () => {
  const seed = printedSeed("fuzz");
  // A small heap collects its garbage soon: what is measured is what is kept.
  // Little room for garbage, old or new: what is measured is what is kept.
  const server = await startTarget(false, "memory:", {
    NODE_OPTIONS: "--max-semi-space-size=1 --max-old-space-size=128",
  });
  try {
    await fire({ port: server.ports[0] ?? 0, frames: 8000, seed }); // to warm up
    const before = residentBytes(server.pid) ?? 0;
    const hits = await fire({ port: server.ports[0] ?? 0, frames: 12_000, seed: seed + 1000 });
    const growth = (residentBytes(server.pid) ?? 0) - before;
    expect(server.isRunning(), `seed ${seed}`).toBe(true);
    expect(
      server.lines.filter((line) => /"level":(50|60)/.test(line)),
      `seed ${seed}`,
    ).toEqual([]);
    expect(growth / MEGABYTE, `seed ${seed}`).toBeLessThan(64);
    expect(hits.survived).toBeGreaterThan(hits.connections / 4);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  } finally {
    await server.stop();
  }
});
