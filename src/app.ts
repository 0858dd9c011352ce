// The composition root: puts the parts together, and takes them apart again in the right order.
import type { Server as HttpServer } from "node:http";
import type { Express } from "express";
import type { Logger } from "pino";
import type { Server } from "socket.io";
import { createOriginCheck } from "./auth/origins.ts";
import { createRevocations } from "./auth/revocations.ts";
import { createTokenVerifier } from "./auth/token-verifier.ts";
import type { Cluster } from "./cluster/cluster.ts";
import { createMemoryCluster } from "./cluster/memory/memory-cluster.ts";
import type { GuardedAdapter } from "./cluster/redis/adapter.ts";
import { type Config, loadConfig } from "./config/config.ts";
import { createLimits } from "./config/limits.ts";
import { createLogger } from "./config/logger.ts";
import { createConsole } from "./console/console.ts";
import { developmentTokens } from "./console/development.ts";
import { createLog } from "./event-log/event-log.ts";
import { createHttp, createRouter } from "./http/http.ts";
import { createHttpServer, type Listeners, listen } from "./http/http-server.ts";
import { createMetrics, type Metrics } from "./http/metrics.ts";
import type { RealtimeTimes } from "./realtime/times.ts";
import { createServices, type Services } from "./services/services.ts";
import { createResumableSessions } from "./services/session-resumption.ts";
import { openStore } from "./store/store.ts";
import { createRealtime } from "./wiring.ts";

export { type Config, ConfigError, loadConfig, readConfig } from "./config/config.ts";

/** How Classwire is created. Everything is optional: without anything it is the standalone server. */
export interface ClasswireOptions {
  /** The settings; by default those of the environment. `readConfig({PORT: "3000"})` makes them from an object. */
  config?: Config;
  /** An HTTP server of your own to attach to. What it does otherwise goes on; you listen and close it yourself. */
  server?: HttpServer;
  /** An Express app of your own: the API is mounted on it, and it is what the server serves. */
  app?: Express;
  /** A pino logger of your own. */
  logger?: Logger;
  /** Shorter times, for tests. */
  times?: Partial<RealtimeTimes>;
}

/** A running Classwire. */
export interface Classwire {
  /** The Socket.IO server, for namespaces and events of your own. */
  readonly io: Server;
  /** What the API and the namespaces do, to be called directly. */
  readonly services: Services;
  /** The HTTP server, yours or its own. */
  readonly server: HttpServer;
  /** Listens on the configured ports (not where you gave a server) and resolves with the URLs. Rejects e.g. with EADDRINUSE. */
  listen(): Promise<readonly string[]>;
  /** From now on nobody new is let in and `/readyz` says 503; those who are connected stay until `close`. */
  drain(): void;
  /** Drains: tells every client, saves, flushes, lets go of everything. Resolves within 10 s; again returns the same promise. */
  close(): Promise<void>;
}

/** How long clients are given to go, in milliseconds. */
const DRAIN_OVER_MS = 2000;

/**
 * Creates a Classwire: opens the database (and migrates it), joins the cluster, serves the namespaces and the API. Rejects
 * with a `ConfigError` or the error of what could not be opened; nothing stays open then.
 */
export async function createClasswire(options: ClasswireOptions = {}): Promise<Classwire> {
  const config = options.config ?? loadConfig();
  const logger = options.logger ?? createLogger(config);
  const onFault = (error: unknown): void => logger.error({ err: error }, "something failed in the background");
  const limits = createLimits(config);
  const verify = createTokenVerifier(config.auth);
  const allowsOrigin = createOriginCheck(config.origins);

  const store = await openStore(config.database);
  const metrics = createMetrics({
    connections: () => realtime.connections(),
    redis: () => cluster.health().redis,
  });
  const { cluster, adapter } = await join(config.redisUrl, logger, metrics);
  const log = createLog({ store, retention: config.retention, log: logger });
  const services = createServices({ store, log });
  const revocations = await createRevocations({ store, bus: cluster.bus, onFailure: onFault });
  const resumableSessions = createResumableSessions(store, cluster.node, onFault);
  if (!config.production) await services.catalogue.seedIfEmpty();

  const realtime = createRealtime({
    config,
    limits,
    verify,
    revocations,
    allowsOrigin,
    cluster,
    eventLog: log,
    services,
    resumableSessions,
    logger,
    adapter: adapter?.adapter,
    metrics,
    ...(options.times === undefined ? {} : { times: options.times }),
  });
  log.onCommitted((events) => {
    for (const { channel } of events) metrics.eventsAppended(channel.slice(0, channel.indexOf("/")));
  });

  const dependencies = {
    verify,
    revocations,
    services,
    log,
    store,
    cluster,
    broadcast: realtime.broadcast,
    control: realtime.control,
    limits,
    metrics,
    logger,
    allowsOrigin,
    trustedCidrs: config.apiTrustedCidrs,
    draining: realtime.isDraining,
    // An app of one's own has a page of its own.
    ...(config.console && options.app === undefined
      ? { console: createConsole({ tokens: config.production ? [] : developmentTokens(config), urls: () => urls() }) }
      : {}),
  };
  options.app?.use(createRouter(dependencies));
  const server = options.server ?? createHttpServer(options.app ?? createHttp(dependencies));
  realtime.attach(server, options.server === undefined ? "refuse" : "leave");
  server.prependListener("request", (_request, response) => {
    if (realtime.isDraining()) response.setHeader("Connection", "close"); // so that proxies do not use it again
  });

  let listening: Listeners | undefined;
  let closing: Promise<void> | undefined;
  const urls = (): readonly string[] => listening?.urls ?? [];

  async function close(): Promise<void> {
    await realtime.closeConnections(DRAIN_OVER_MS); // who comes meanwhile is answered 503
    listening?.close();
    await log.close();
    await services.studyTime.close();
    await services.idempotency.close();
    await resumableSessions.close();
    revocations.close();
    // A proxy that keeps its connections and asks for /readyz on them would hold the server open for ever.
    if (options.server === undefined) server.closeAllConnections();
    await realtime.close();
    await cluster.close();
    await store.close();
  }

  return {
    io: realtime.io,
    services,
    server,
    async listen() {
      if (options.server === undefined) listening ??= await listen(server, config.host, config.ports);
      return urls();
    },
    drain: realtime.startDraining,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** Joins the other nodes over Redis; without a URL the node is alone. What only Redis needs is loaded only with it: 20 MB. */
async function join(
  url: string | undefined,
  log: Logger,
  metrics: Metrics,
): Promise<{ cluster: Cluster; adapter?: GuardedAdapter }> {
  if (url === undefined) return { cluster: createMemoryCluster() };
  const [{ createRedisCluster }, { createRedisAdapter }] = await Promise.all([
    import("./cluster/redis/redis-cluster.ts"),
    import("./cluster/redis/adapter.ts"),
  ]);
  const cluster = createRedisCluster({ url, log });
  await cluster.ready();
  return { cluster, adapter: createRedisAdapter(cluster.clients, () => metrics.malformedFrame("redis")) };
}
