// Headers of every answer: what browsers must not do with it, and which pages may read it.
import type { ServerResponse } from "node:http";
import type { RequestHandler } from "express";
import type { AllowsOrigin } from "../auth/origins.ts";

/** A JSON answer is never a page: nothing may be loaded from it, framed or guessed about its type. */
const HEADERS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
} as const;

const PREFLIGHT_SECONDS = "600";

/** Sets the headers that do not depend on the call. */
export function applyHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
}

/** The same as a step of Express. */
export const setHeaders: RequestHandler = (_request, response, next) => {
  applyHeaders(response);
  next();
};

/**
 * Lets pages of allowed origins read the answers, and answers their preflights (Fetch standard, CORS protocol). Pages of
 * others get no header, so their browsers keep the answer from them; callers that are no browser do not care.
 */
export function createCors(allowsOrigin: AllowsOrigin, methods: readonly string[]): RequestHandler {
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
