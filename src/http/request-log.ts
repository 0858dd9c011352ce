// One line in the log for every call, and its time in the figures. Never a query, a header or a body: tokens live there.
import type { RequestHandler, Response } from "express";
import type { Logger } from "pino";
import type { Metrics } from "./metrics.ts";

/** How calls of a path are noted. */
export interface RequestLogOptions {
  logger: Logger;
  metrics: Metrics;
  /** The route's pattern, for the figures. */
  route: string;
  /** Logged as `debug` unless it goes wrong. */
  quiet: boolean;
}

/** Notes each call when its answer has gone out, or its caller has gone. */
export function createRequestLog({ logger, metrics, route, quiet }: RequestLogOptions): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    const { method } = request;
    const path = request.originalUrl.split("?", 1)[0] ?? "";
    response.once("close", () => {
      const ms = Math.round((performance.now() - started) * 10) / 10;
      const { statusCode: status } = response;
      const aborted = response.writableFinished ? {} : { aborted: true };
      const level = status >= 500 ? "warn" : quiet ? "debug" : "info";
      logger[level]({ method, path, status, ms, caller: callerOf(response), ...aborted }, "call");
      metrics.http({ method, route, status, seconds: ms / 1000 });
    });
    next();
  };
}

/** Remembers who calls, for the log. */
export function noteCaller(response: Response, caller: string | undefined): void {
  response.locals["caller"] = caller;
}

function callerOf(response: Response): unknown {
  return response.locals["caller"];
}
