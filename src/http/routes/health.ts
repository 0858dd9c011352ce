// Routes for machines that look after this one: alive, ready, figures.
import { z } from "zod";
import type { Cluster } from "../../cluster/cluster.ts";
import type { Store } from "../../store/store.ts";
import type { Metrics } from "../metrics.ts";
import { Reply } from "../reply.ts";
import { type Route, route } from "../route.ts";

const state = z.enum(["up", "down"]);
const readiness = z.object({ ready: z.boolean(), database: state, redis: state.optional(), draining: z.boolean() });

/** What they ask. */
export interface HealthRoutesOptions {
  store: Pick<Store, "ping">;
  cluster: Pick<Cluster, "health">;
  metrics: Pick<Metrics, "text" | "contentType">;
  draining: () => boolean;
}

/** Makes them. */
export function healthRoutes({ store, cluster, metrics, draining }: HealthRoutesOptions): Route[] {
  const database = shared(() =>
    store.ping().then(
      () => "up" as const,
      () => "down" as const,
    ),
  );
  return [
    route({
      method: "get",
      path: "/healthz",
      tag: "Health",
      summary: "Whether the process is alive",
      access: "anyone",
      quiet: true,
      answer: { status: 200, description: "It is", schema: z.object({ status: z.literal("ok") }) },
      handle: async () => ({ status: "ok" as const }),
    }),
    route({
      method: "get",
      path: "/readyz",
      tag: "Health",
      summary: "Whether this node should get connections and calls",
      access: "anyone",
      quiet: true,
      answer: {
        status: 200,
        description: "It should",
        schema: readiness,
        also: { 503: "It should not: the database or Redis is down, or the node is draining" },
      },
      async handle() {
        const { redis } = cluster.health();
        const known = { database: await database(), ...(redis === "none" ? {} : { redis }), draining: draining() };
        const ready = known.database === "up" && redis !== "down" && !known.draining;
        return new Reply(ready ? 200 : 503, { ready, ...known });
      },
    }),
    route({
      method: "get",
      path: "/metrics",
      tag: "Health",
      summary: "Figures for Prometheus",
      access: "loopback",
      quiet: true,
      answer: { status: 200, description: "Text format", schema: z.string(), type: metrics.contentType },
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
