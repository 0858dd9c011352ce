// Routes on Express: for each path its log line, headers, CORS, body, methods, and the one place where answers are written.
import type { ServerResponse } from "node:http";
import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from "express";
import type { Logger } from "pino";
import type { AllowsHost } from "../auth/hosts.ts";
import type { AllowsOrigin } from "../auth/origins.ts";
import type { Limits } from "../config/limits.ts";
import { Failure } from "../contract/errors.ts";
import { idempotencyKey } from "../contract/operations.ts";
import { invalidField } from "../contract/parse.ts";
import type { Identify } from "./access.ts";
import { describe, type Execute, failureOf, replyOf } from "./execute.ts";
import { checkHost } from "./host-check.ts";
import type { Metrics } from "./metrics.ts";
import type { Reply, Route } from "./route.ts";

/** What routes are served with. */
export interface MountOptions {
  identify: Identify;
  execute: Execute;
  limits: Pick<Limits, "httpBody" | "batchBody">;
  allowsOrigin: AllowsOrigin;
  allowsHost: AllowsHost;
  logger: Logger;
  metrics: Metrics;
}

/** Puts routes on a router. Paths that none of them has are left to whoever comes next. */
export function mount(router: Router, routes: readonly Route[], options: MountOptions): void {
  const { logger, metrics, limits, allowsOrigin } = options;
  const hostCheck = checkHost(options.allowsHost);
  const readers = { httpBody: createReadBody(limits.httpBody.most), batchBody: createReadBody(limits.batchBody.most) };

  /** The reply to one request. */
  async function answer(route: Route, request: Request, response: Response): Promise<Reply> {
    const identity = await options.identify(route.row.access, request);
    response.locals["caller"] = identity?.id;
    const body = route.row.body && (await readers[route.bodyLimit](request, response));
    const { params, query } = request;
    return options.execute(route, { params, query, body, identity, idempotencyKey: keyOf(request) });
  }

  for (const path of new Set(routes.map(({ row }) => row.path))) {
    const group = routes.filter(({ row }) => row.path === path);
    const methods = group.map(({ row }) => row.method.toUpperCase());
    const quiet = group.every((route) => route.quiet);
    const at = router.route(path);
    at.all(createRequestLog({ logger, metrics, route: path, quiet }), setHeaders, hostCheck);
    at.all(createCors(allowsOrigin, methods));
    for (const route of group) {
      at[route.row.method](async (request, response) => {
        send(response, await answer(route, request, response), route.row.answer.type);
      });
    }
    at.all(offersOnly(methods));
  }
}

/** The caller's own key for a call. @throws Failure INVALID_MESSAGE when it is empty or too long */
function keyOf(request: Request): string | undefined {
  const given = request.headers["idempotency-key"];
  if (given === undefined) return undefined;
  const parsed = idempotencyKey.safeParse(given);
  if (!parsed.success) throw invalidField("Idempotency-Key", "must have 1 to 255 characters");
  return parsed.data;
}

/** Refuses every method that got here. It is a 404, as the table of errors has no code for less; `Allow` tells the rest. */
function offersOnly(methods: readonly string[]): RequestHandler {
  return (request, response) => {
    response.setHeader("Allow", [...methods, "OPTIONS"].join(", "));
    throw new Failure("NOT_FOUND", `${request.method} is not offered here, only ${methods.join(", ")}`);
  };
}

/** Reads a body of at most `maxBytes` (after decompression) as JSON. Rejects with the parser's error, or a `Failure`. */
function createReadBody(maxBytes: number): (request: Request, response: Response) => Promise<unknown> {
  const parse = express.json({ limit: maxBytes, strict: false, type: ["application/json", "application/*+json"] });
  return async (request, response) => {
    await new Promise<void>((resolve, reject) =>
      parse(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error))),
    );
    // Forms and plain text are refused: any page may send those without asking first.
    if (request.body === undefined) throw invalidField("body", "must be JSON with Content-Type: application/json");
    return request.body as unknown;
  };
}

/** A JSON answer is never a page: nothing may be loaded from it, framed or guessed about its type. */
const HEADERS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
} as const;

const PREFLIGHT_SECONDS = "600";

function applyHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
}

const setHeaders: RequestHandler = (_request, response, next) => {
  applyHeaders(response);
  next();
};

/**
 * Lets pages of allowed origins read the answers, and answers their preflights (Fetch standard, CORS protocol). Pages of
 * others get no header, so their browsers keep the answer from them; callers that are no browser do not care.
 */
function createCors(allowsOrigin: AllowsOrigin, methods: readonly string[]): RequestHandler {
  return (request, response, next) => {
    const { origin, host } = request.headers;
    const allowed = origin !== undefined && allowsOrigin(origin, host);
    response.vary("Origin");
    if (allowed) {
      response.setHeader("Access-Control-Allow-Origin", origin);
      response.setHeader("Access-Control-Expose-Headers", "Idempotent-Replayed, Retry-After");
    }
    if (request.method !== "OPTIONS") return next();
    if (allowed && request.headers["access-control-request-method"] !== undefined) {
      response.setHeader("Access-Control-Allow-Methods", methods.join(", "));
      response.setHeader("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key");
      response.setHeader("Access-Control-Max-Age", PREFLIGHT_SECONDS);
    }
    response.setHeader("Allow", [...methods, "OPTIONS"].join(", "));
    response.statusCode = 204;
    response.end();
  };
}

/** How calls of a path are logged. */
export interface RequestLogOptions {
  logger: Logger;
  metrics: Metrics;
  /** The route's pattern, for the figures. */
  route: string;
  /** Logged as `debug` unless it goes wrong. */
  quiet: boolean;
}

/**
 * Logs each call in one line when its answer has gone out, or its caller has gone, and counts its time. Never a query, a header
 * or a body: tokens live there.
 */
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
      const { caller, reason } = response.locals;
      logger[level]({ method, path, status, ms, caller, ...(reason && { reason }), ...aborted }, "call");
      metrics.http({ method, route, status, seconds: ms / 1000 });
    });
    next();
  };
}

const JSON_TYPE = "application/json; charset=utf-8";

/** Writes a reply; a text when `type` is not JSON. */
function send(response: Response, { status, body, headers }: Reply, type: string = JSON_TYPE): void {
  const text = type === JSON_TYPE || typeof body !== "string" ? JSON.stringify(body) : body;
  response.statusCode = status;
  response.setHeader("Content-Type", typeof body === "string" ? type : JSON_TYPE);
  response.setHeader("Content-Length", Buffer.byteLength(text));
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(text);
}

/** Answers whatever is thrown with an error of the table. What is our fault is logged, and its cause told to nobody. */
export function createErrorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const failure = failureOf(error);
    response.locals["reason"] = failure.reason;
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
