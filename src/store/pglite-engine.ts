// The embedded server, started again when it has broken down, as a supervisor would do with a real one.
import type { PGliteOptions } from "@electric-sql/pglite";
import { DatabaseBrokenError } from "./errors.ts";
import { type Server, startServer } from "./pglite-server.ts";

/** After a start that failed (still no space on the disk), the next one is tried no sooner than after this time, in milliseconds. */
const PAUSE_AFTER_FAILURE_MS = 1_000;

/** Whoever wants something from the server asks here for the one that runs. */
export interface Engine {
  /**
   * Does something with the running server.
   * @throws DatabaseBrokenError when it has broken down meanwhile, or does not start again; the next call tries again
   */
  run<T>(work: (server: Server) => Promise<T>): Promise<T>;
  /** Shuts it down in good order. */
  close(): Promise<void>;
}

/**
 * Starts the server.
 * @param options of PGlite, new for each start
 * @param outlives whether its data outlive it, so that starting it again makes sense
 */
export async function startEngine(options: () => PGliteOptions, outlives: boolean): Promise<Engine> {
  let current = Promise.resolve(await startServer(options()));
  let failedAt = Number.NEGATIVE_INFINITY;

  const restart = async (broken: Server): Promise<Server> => {
    // Not shut down, for that would write to the files: they stay as they are, as after a power cut.
    await broken.fs?.closeFs().catch(() => undefined);
    return startServer(options());
  };

  const usable = async (): Promise<Server> => {
    const asked = current;
    const server = await asked;
    if (server.breakdown === undefined) return server;
    if (current !== asked) return usable(); // somebody else has begun to start it meanwhile
    if (!outlives) throw new DatabaseBrokenError(`The database in memory is lost: ${server.breakdown}`);
    if (performance.now() - failedAt < PAUSE_AFTER_FAILURE_MS) throw new DatabaseBrokenError(server.breakdown);
    // Those who come while it starts wait for this start; if it fails, the broken one stays and the next caller tries again.
    const next = restart(server);
    current = next.catch(() => {
      failedAt = performance.now();
      return server;
    });
    return next;
  };

  return {
    run: async (work) => work(await usable()),
    async close() {
      const server = await current;
      if (server.breakdown === undefined) await server.close();
    },
  };
}
