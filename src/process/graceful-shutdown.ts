// Stopping a node and with it the process that it runs in.
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { Classwire } from "../app.ts";

/** A stop that takes longer is cut short. */
const STOP_WITHIN_MS = 10_000;

/** Takes no one in any more, sends everyone away after `delayMs`, and ends the process. Again it does nothing. */
export type Stop = (why: string, delayMs: number) => void;

/** Makes the stop of a node. The process ends with 0, or with 1 where that failed or took too long. */
export function createStop(classwire: Pick<Classwire, "drain" | "close">, logger: Logger): Stop {
  let stopping = false;
  return (why, delayMs) => {
    if (stopping) return;
    stopping = true;
    logger.info({ why }, "stopping");
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    classwire.drain();
    delay(delayMs)
      .then(() => classwire.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error({ err: error }, "could not stop cleanly");
          process.exit(1);
        },
      );
  };
}
