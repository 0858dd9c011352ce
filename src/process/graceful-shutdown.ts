// The graceful shutdown of one node, which ends its process.
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { Classwire } from "../app.ts";

/** A shutdown that takes longer, in milliseconds, is cut short. */
const SHUTDOWN_TIMEOUT_MS = 10_000;

/** Drains the node, closes it after `delayMs`, and ends the process. Further calls do nothing. `reason` is logged. */
export type Shutdown = (reason: string, delayMs: number) => void;

/**
 * Creates the shutdown of a node. The process ends with 0, or with 1 when closing the node failed or took longer than
 * {@link SHUTDOWN_TIMEOUT_MS}.
 */
export function createGracefulShutdown(classwire: Pick<Classwire, "drain" | "close">, logger: Logger): Shutdown {
  let begun = false;
  return (reason, delayMs) => {
    if (begun) return;
    begun = true;
    logger.info({ reason }, "shutting down");
    setTimeout(() => process.exit(1), SHUTDOWN_TIMEOUT_MS).unref();
    classwire.drain();
    delay(delayMs)
      .then(() => classwire.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error({ err: error }, "the shutdown failed");
          process.exit(1);
        },
      );
  };
}
