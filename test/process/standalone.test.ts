// A single node that starts before its database does.
import { afterEach, expect, it } from "vitest";
import { freePort } from "../../scripts/free-ports.mjs";
import { type SpawnedServer, spawnServer } from "../support/spawn-server.ts";

let server: SpawnedServer | undefined;
afterEach(() => server?.stop());

it("waits for its database in production, says why, and ends on a signal meanwhile", async () => {
  const url = `postgres://nobody:secret-word@127.0.0.1:${await freePort()}/none`;
  server = await spawnServer({ NODE_ENV: "production", DATABASE_URL: url }, { ready: false });
  const line = await server.line(/PostgreSQL cannot be used/);
  expect(line).toMatch(/nothing listens there/);
  expect(line).not.toContain("secret-word");
  server.kill("SIGTERM");
  expect(await server.exited).toEqual({ code: 0, signal: null });
});
