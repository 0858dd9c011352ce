// Writing a reply to a connection; every answer of the API goes out here, the refused ones included.
import type { ErrorRequestHandler, Response } from "express";
import type { Logger } from "pino";
import { Failure } from "../contract/errors.ts";
import { failureOf, replyOf } from "./failures.ts";
import { applyHeaders } from "./headers.ts";
import type { Reply } from "./reply.ts";

const JSON_TYPE = "application/json; charset=utf-8";

/** Writes a reply; a text when `type` is not JSON. */
export function send(response: Response, { status, body, headers }: Reply, type: string = JSON_TYPE): void {
  const text = type === JSON_TYPE || typeof body !== "string" ? JSON.stringify(body) : body;
  response.statusCode = status;
  response.setHeader("Content-Type", typeof body === "string" ? type : JSON_TYPE);
  response.setHeader("Content-Length", Buffer.byteLength(text));
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(text);
}

/** Makes an answer of everything that is thrown. What is our fault is logged, and told to nobody. */
export function createErrorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const failure = failureOf(error);
    if (!(error instanceof Failure) && failure.code === "SERVER_ERROR") {
      logger.error({ err: describe(error), method: request.method }, "a call failed");
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    applyHeaders(response);
    send(response, replyOf(failure));
  };
}

/** What the log may know of an error: no values that a driver quotes in other members. */
export function describe(error: unknown): { message: string; code?: unknown; stack?: string | undefined } {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as { code?: unknown };
  return { message: error.message, stack: error.stack, ...(code === undefined ? {} : { code }) };
}
