// Routes for machines that look after this one: alive, ready, figures.
import type { Cluster } from "../../cluster/cluster.ts";
import { operationCalls } from "../../contract/operations.ts";
import type { Store } from "../../store/store.ts";
import type { Metrics } from "../metrics.ts";
import { Reply, type Route, route } from "../route.ts";

/** What they ask. */
export interface HealthRoutesOptions {
  store: Pick<Store, "ping">;
  cluster: Pick<Cluster, "health">;
  metrics: Pick<Metrics, "text">;
  draining: () => boolean;
}

/** Creates the routes of liveness, readiness and metrics. */
export function healthRoutes({ store, cluster, metrics, draining }: HealthRoutesOptions): Route[] {
  const database = shared(() =>
    store.ping().then(
      () => "up" as const,
      () => "down" as const,
    ),
  );
  return [
    route(operationCalls.getHealth, {
      quiet: true,
      handle: async () => ({ status: "ok" as const }),
    }),
    route(operationCalls.getReadiness, {
      quiet: true,
      async handle() {
        const { redis } = cluster.health();
        const known = { database: await database(), ...(redis === "none" ? {} : { redis }), draining: draining() };
        const ready = known.database === "up" && redis !== "down" && !known.draining;
        return new Reply(ready ? 200 : 503, { ready, ...known });
      },
    }),
    route(operationCalls.getMetrics, {
      quiet: true,
      handle: () => metrics.text(),
    }),
  ];
}

/** Those who ask while a question is under way share its answer. */
function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let asking: Promise<T> | undefined;
  return () => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
}
