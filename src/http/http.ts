// The HTTP API: its routes put together, as a router for an existing Express app or as an app of its own.
import express, { type Express, Router } from "express";
import { Failure } from "../contract/errors.ts";
import { createIdentify } from "./access.ts";
import { createBatch } from "./batch.ts";
import type { HttpDependencies } from "./dependencies.ts";
import { mount } from "./mount.ts";
import { createPerform, type Perform } from "./perform.ts";
import { createRequestLog } from "./request-log.ts";
import type { Route } from "./route.ts";
import { announcingRoutes } from "./routes/announcing.ts";
import { batchRoute } from "./routes/batch.ts";
import { channelRoutes } from "./routes/channels.ts";
import { connectionRoutes } from "./routes/connections.ts";
import { docsRoutes } from "./routes/docs.ts";
import { healthRoutes } from "./routes/health.ts";
import { learningRoutes } from "./routes/learning.ts";
import { runRoutes } from "./routes/runs.ts";
import { createErrorHandler, describe } from "./send.ts";

/**
 * Makes the API as a router: `app.use(createRouter(…))`. Requests to paths that are not the API's pass through, and errors
 * of other handlers are left to them.
 */
export function createRouter(dependencies: HttpDependencies): Router {
  const { verify, revocations, cluster, limits, trustedCidrs, logger, metrics, allowsOrigin } = dependencies;
  const perform = createPerform(dependencies.services.idempotency);
  const identify = createIdentify({
    verify,
    notRevoked: (identity) => revocations.check(identity),
    rates: cluster.rates,
    badTokens: limits.badTokens,
    trustedCidrs,
  });
  const router = Router();
  if (dependencies.console !== undefined) router.use(dependencies.console);
  mount(router, createRoutes(dependencies, perform), { identify, perform, limits, logger, metrics, allowsOrigin });
  router.use(createErrorHandler(logger));
  return router;
}

/** Makes the API as an app of its own, where every other path is a 404. */
export function createHttp(dependencies: HttpDependencies): Express {
  const { logger, metrics } = dependencies;
  const app = express();
  app.disable("x-powered-by");
  app.use(createRouter(dependencies));
  app.use(createRequestLog({ logger, metrics, route: "unknown", quiet: false }), () => {
    throw new Failure("NOT_FOUND", "there is nothing at this path");
  });
  app.use(createErrorHandler(logger));
  return app;
}

/** Every route of the API, the documentation's included. */
export function createRoutes(dependencies: HttpDependencies, perform: Perform): Route[] {
  const { services, log, store, cluster, metrics, logger, limits, draining, broadcast, control } = dependencies;
  const { presence } = cluster;
  const publishing = [
    ...learningRoutes(services),
    ...runRoutes(services, control),
    ...announcingRoutes(services, broadcast, presence),
    ...channelRoutes(log, services, presence),
    ...connectionRoutes({ broadcast, control, presence, revocations: dependencies.revocations }),
  ];
  const batch = createBatch({
    routes: publishing,
    perform,
    maxItemBytes: limits.httpBody.most,
    onFault: (path, error) => logger.error({ err: describe(error), path }, "a call in a batch failed"),
  });
  const routes = [...publishing, batchRoute(batch), ...healthRoutes({ store, cluster, metrics, draining })];
  return [...routes, ...docsRoutes(routes)];
}
