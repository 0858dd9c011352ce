// The standalone server as users run it: dist/main.js in a process of its own, on free ports, in an empty directory.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts } from "../../scripts/free-ports.mjs";
import { type Child, type Exit, startChild } from "./child.ts";
import { ensureBuilt } from "./shared.ts";
import { TEST_SECRET } from "./tokens.ts";

/** A running server. */
export interface SpawnedServer extends Child {
  /** `http://127.0.0.1:<port>` of its (first) port. */
  readonly url: string;
  readonly ports: readonly number[];
  /** Its working directory: `.data` is made in there, and a `.env` would be read from there. */
  readonly directory: string;
  /** Ends it (SIGTERM, and SIGKILL if that takes over 15 s) and removes its directory. Good to call after it has ended. */
  stop(): Promise<Exit>;
}

/** How to start it. */
export interface SpawnOptions {
  /** How many ports it listens on (1). */
  readonly ports?: number;
  /** Where it runs; a directory given here is not removed. By default a new one that is. */
  readonly directory?: string;
  /** False returns at once, for a start that is meant to fail. By default waits until /readyz answers 200. */
  readonly ready?: boolean;
  /** True where dist/ is built already: a script outside vitest cannot ask for it. */
  readonly built?: boolean;
}

/**
 * Starts a server that knows only what is in `env`, over these defaults: a database in memory, TEST_SECRET, free ports.
 * An empty value unsets a default.
 * @throws when it ends before it is ready, with what it printed
 */
export async function spawnServer(
  env: Record<string, string> = {},
  options: SpawnOptions = {},
): Promise<SpawnedServer> {
  if (options.built !== true) await ensureBuilt();
  const given = env["PORT"];
  const ports = given === undefined ? await freePorts(options.ports ?? 1) : given.split(",").map(Number);
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), "classwire-server-"));
  const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
  const settings = {
    HOST: "127.0.0.1",
    PORT: ports.join(","),
    DATABASE_URL: "memory:",
    JWT_SECRET: TEST_SECRET,
    DRAIN_DELAY_SECONDS: "0", // production waits for its proxy: three seconds a test
    ...env,
  };
  const child = startChild(process.execPath, ["--enable-source-maps", main], {
    cwd: directory,
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...settings },
  });
  const url = `http://127.0.0.1:${ports[0]}`;
  const stop = async (): Promise<Exit> => {
    child.kill("SIGTERM");
    child.kill("SIGCONT"); // a test may have frozen it
    const killing = setTimeout(() => child.kill("SIGKILL"), 15_000);
    const exit = await child.exited;
    clearTimeout(killing);
    if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
    return exit;
  };
  if (options.ready !== false)
    await child
      .until(() => isReady(url))
      .catch(async (error: unknown) => {
        child.kill("SIGKILL");
        await stop();
        throw error;
      });
  return { ...child, url, ports, directory, stop };
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5000) }).then(
    (response) => response.ok,
    () => false,
  );
}
