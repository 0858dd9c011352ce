// `npm run demo` as a newcomer runs it: beside a server, beside one that gives no tokens, and beside none.
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort } from "../../scripts/free-ports.mjs";
import { type Child, startChild } from "../support/child.ts";
import { root } from "../support/source-files.ts";
import { spawnServer } from "../support/spawn-server.ts";

function demo(env: Record<string, string>): Child {
  return startChild(process.execPath, [join(root, "scripts/demo.mjs")], { env: { PATH: process.env["PATH"], ...env } });
}

test("everything that it publishes arrives, the second time too", async () => {
  const server = await spawnServer({ LOG_LEVEL: "warn" });
  try {
    for (const run of [1, 2]) {
      // Told the server's address, or the PORT that the server was started with.
      const child = demo(run === 1 ? { CLASSWIRE_URL: server.url } : { PORT: `${new URL(server.url).port},3001` });
      const { code } = await child.exited;
      expect([run, code, child.lines.at(-1)]).toEqual([run, 0, expect.stringContaining("has arrived")]);
      for (const event of ["progress_updated", "quiz_completed", "notifications", "run-results"]) {
        expect(child.lines.join("\n")).toMatch(new RegExp(`${event} +\\S+ #\\d+`));
      }
    }
  } finally {
    await server.stop();
  }
}, 60_000);

test("without a server, or without tokens, it says so in one line and fails", async () => {
  const nobody = demo({ CLASSWIRE_URL: `http://127.0.0.1:${await freePort()}` });
  expect((await nobody.exited).code).toBe(1);
  expect(nobody.lines).toEqual([expect.stringMatching(/^demo: no server answers at .*npm start$/)]);
  const production = await spawnServer({ NODE_ENV: "production", LOG_LEVEL: "warn" });
  try {
    const child = demo({ CLASSWIRE_URL: production.url });
    expect((await child.exited).code).toBe(1);
    expect(child.lines).toEqual([expect.stringMatching(/^demo: .* gives no development tokens \(404\)/)]);
  } finally {
    await production.stop();
  }
}, 60_000);
