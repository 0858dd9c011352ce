// Routes on Express: for each path its log line, headers, CORS, methods, and an answer for every other method.
import type { Request, RequestHandler, Response, Router } from "express";
import type { AllowsOrigin } from "../auth/origins.ts";
import type { Limits } from "../config/limits.ts";
import { Failure } from "../contract/errors.ts";
import { idempotencyKey } from "../contract/operations.ts";
import type { Identify } from "./access.ts";
import { createReadBody } from "./body.ts";
import { invalid } from "./failures.ts";
import { createCors, setHeaders } from "./headers.ts";
import type { Perform } from "./perform.ts";
import type { Reply } from "./reply.ts";
import { createRequestLog, noteCaller, type RequestLogOptions } from "./request-log.ts";
import type { Route } from "./route.ts";
import { send } from "./send.ts";

/** What routes are served with. */
export interface MountOptions extends Pick<RequestLogOptions, "logger" | "metrics"> {
  identify: Identify;
  perform: Perform;
  limits: Pick<Limits, "httpBody" | "batchBody">;
  allowsOrigin: AllowsOrigin;
}

/** Puts routes on a router. Paths that none of them has are left to whoever comes next. */
export function mount(router: Router, routes: readonly Route[], options: MountOptions): void {
  const { logger, metrics, limits, allowsOrigin } = options;
  const readers = { httpBody: createReadBody(limits.httpBody.most), batchBody: createReadBody(limits.batchBody.most) };

  /** The reply to one request. */
  async function answer(route: Route, request: Request, response: Response): Promise<Reply> {
    const identity = await options.identify(route.access, request);
    noteCaller(response, identity?.id);
    const body = route.body && (await readers[route.bodyLimit ?? "httpBody"](request, response));
    const { params, query } = request;
    return options.perform(route, { params, query, body, identity, idempotencyKey: keyOf(request) });
  }

  for (const path of new Set(routes.map((route) => route.path))) {
    const group = routes.filter((route) => route.path === path);
    const methods = group.map((route) => route.method.toUpperCase());
    const quiet = group.every((route) => route.quiet);
    const at = router.route(path);
    at.all(createRequestLog({ logger, metrics, route: path, quiet }), setHeaders, createCors(allowsOrigin, methods));
    for (const route of group) {
      at[route.method](async (request, response) => {
        send(response, await answer(route, request, response), route.answer.type);
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
  if (!parsed.success) throw invalid("Idempotency-Key", "1–255 characters");
  return parsed.data;
}

/** Refuses every method that got here. It is a 404, as the table of errors has no code for less; `Allow` tells the rest. */
function offersOnly(methods: readonly string[]): RequestHandler {
  return (request, response) => {
    response.setHeader("Allow", [...methods, "OPTIONS"].join(", "));
    throw new Failure("NOT_FOUND", `${request.method} is not offered here, only ${methods.join(", ")}`);
  };
}
