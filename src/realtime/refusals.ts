// What is counted and logged of refused connections and tokens: codes and reasons, never a token.
import type { Logger } from "pino";
import type { Failure } from "../contract/errors.ts";

/** Told of every refused connection: its namespace or dialect, the refusal, and what was thrown where that was our fault. */
export type OnRefused = (where: string, failure: Failure, error?: unknown) => void;

/** What refusals are reported to. */
export interface RefusalReport {
  metrics: { refused(code: string): void };
  logger: Logger;
}

/** Creates the report of refused connections. */
export function createOnRefused({ metrics, logger }: RefusalReport): OnRefused {
  return (where, failure, error) => {
    metrics.refused(failure.code);
    logRefusedToken(logger, where, failure);
    if (failure.code === "SERVER_ERROR" && error !== undefined) {
      logger.error({ err: error, where }, "a connection could not be admitted");
    }
  };
}

/** Logs which rule refused a token; for other failures nothing. */
export function logRefusedToken(logger: Logger, where: string, { code, reason }: Failure): void {
  if (reason !== undefined) logger.info({ where, code, reason }, "a token was refused");
}
