// One build, one Redis and one PostgreSQL for a whole run of the tests, the servers made when a test first asks for one.
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { startPostgres } from "./postgres.ts";
import { startRedis } from "./redis.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the test processes ask for what they share; see shared.ts. */
    shared: string;
  }
}

/** Opens a small HTTP service for the test processes: `/redis`, `/postgres` and `/build` answer when the thing is there. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await build();
  await prepareDatabase();
  const redis = once(startRedis);
  const postgres = once(startPostgres);
  const answers: Record<string, () => Promise<string>> = {
    "/redis": async () => (await redis.get()).url,
    "/postgres": async () => (await postgres.get()).createDatabase(),
    "/build": async () => "built before the first test",
  };
  const server = createServer((request, response) => {
    const answer =
      answers[request.url ?? ""] ?? (() => Promise.reject(new Error(`nothing is shared at ${request.url}`)));
    answer().then(
      (text) => response.end(text),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  project.provide("shared", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    server.closeAllConnections();
    await Promise.all([redis, postgres].map(async ({ made }) => (await made())?.stop()));
  };
}

/** `make`, done at most once; `made` is what came of it, or undefined if nobody asked or it failed. */
function once<T>(make: () => Promise<T>): { get(): Promise<T>; made(): Promise<T | undefined> } {
  let result: Promise<T> | undefined;
  return {
    get: () => (result ??= make()),
    made: async () => result?.catch(() => undefined),
  };
}

/** dist/ as `npm start` would make it, so that no test runs yesterday's server. */
async function build(): Promise<void> {
  const bootstrap = fileURLToPath(new URL("../../scripts/bootstrap.mjs", import.meta.url));
  await promisify(execFile)(process.execPath, [bootstrap, "build"]);
}

/** The embedded database's empty directory: without it, the first test that opens one would wait for it to be made. */
async function prepareDatabase(): Promise<void> {
  const module = new URL("../../dist/store/pglite-template.js", import.meta.url).href;
  const program = `import { pgliteTemplate } from ${JSON.stringify(module)}; await (await pgliteTemplate()).done();`;
  await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
}
