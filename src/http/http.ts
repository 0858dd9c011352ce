// The HTTP API: its routes put together, as a router for an existing Express app or as an app of its own.
import express, { type Express, Router } from "express";
import type { Logger } from "pino";
import type { AllowsHost } from "../auth/hosts.ts";
import type { AllowsOrigin } from "../auth/origins.ts";
import type { Revocations } from "../auth/revocations.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Cidr } from "../config/fields.ts";
import type { Limits } from "../config/limits.ts";
import { Failure } from "../contract/errors.ts";
import type { VerifyToken } from "../contract/identity.ts";
import type { EventLog } from "../event-log/event-log.ts";
import type { Broadcast } from "../realtime/broadcast.ts";
import type { Control } from "../realtime/control.ts";
import type { Services } from "../services/services.ts";
import type { Store } from "../store/store.ts";
import { createIdentify } from "./access.ts";
import { createBatch } from "./batch.ts";
import { createExecute, describe, type Execute } from "./execute.ts";
import { createErrorHandler, createRequestLog, mount } from "./express.ts";
import type { Metrics } from "./metrics.ts";
import type { Route } from "./route.ts";
import { batchRoute } from "./routes/batch.ts";
import { channelRoutes } from "./routes/channels.ts";
import { connectionRoutes } from "./routes/connections.ts";
import { docsRoutes } from "./routes/docs.ts";
import { healthRoutes } from "./routes/health.ts";
import { learningRoutes } from "./routes/learning.ts";
import { publishingRoutes } from "./routes/publishing.ts";
import { runRoutes } from "./routes/runs.ts";

/** Everything the API needs. Nothing of it is closed here. */
export interface HttpDependencies {
  readonly verify: VerifyToken;
  readonly revocations: Pick<Revocations, "check" | "revoke">;
  readonly services: Services;
  readonly eventLog: EventLog;
  readonly store: Store;
  readonly cluster: Cluster;
  readonly broadcast: Broadcast;
  readonly control: Pick<Control, "disconnectUser" | "sessionRegistered">;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly allowsOrigin: AllowsOrigin;
  readonly allowsHost: AllowsHost;
  /** Callers from these networks use `/api/ws/*` without a token. */
  readonly trustedCidrs: readonly Cidr[];
  /** True once the node has been told to stop. */
  readonly draining: () => boolean;
  /** What answers `GET /`, where there is a console page. */
  readonly console?: Router;
}

/**
 * Creates the API as a router: `app.use(createRouter(…))`. Requests to paths that are not the API's pass through, and errors
 * of other handlers are left to them.
 */
export function createRouter(dependencies: HttpDependencies): Router {
  const { verify, revocations, cluster, limits, trustedCidrs, logger } = dependencies;
  const execute = createExecute(dependencies.services.idempotency);
  const identify = createIdentify({
    verify,
    notRevoked: (identity) => revocations.check(identity),
    rates: cluster.rates,
    badTokens: limits.badTokens,
    trustedCidrs,
  });
  const router = Router();
  if (dependencies.console !== undefined) router.use(dependencies.console);
  mount(router, createRoutes(dependencies, execute), { ...dependencies, identify, execute });
  router.use(createErrorHandler(logger));
  return router;
}

/** Creates the API as an app of its own, where every other path is a 404. */
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
export function createRoutes(dependencies: HttpDependencies, execute: Execute): Route[] {
  const { services, eventLog, store, cluster, metrics, logger, limits, draining, broadcast, control } = dependencies;
  const { presence } = cluster;
  const batchable = [
    ...learningRoutes(services),
    ...runRoutes(services, control),
    ...publishingRoutes(services, broadcast, presence),
    ...channelRoutes(eventLog, services, presence),
    ...connectionRoutes({ control, presence, revocations: dependencies.revocations }),
  ];
  const batch = createBatch({
    routes: batchable,
    execute,
    maxItemBytes: limits.httpBody.most,
    onFault: (path, error) => logger.error({ err: describe(error), path }, "a call in a batch failed"),
  });
  const routes = [...batchable, batchRoute(batch), ...healthRoutes({ store, cluster, metrics, draining })];
  return [...routes, ...docsRoutes(routes)];
}
