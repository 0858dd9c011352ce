// The composition root: creates the parts, each from those before it, and closes them in the right order.
import type { Server as HttpServer } from "node:http";
import type { Express, Router } from "express";
import type { Logger } from "pino";
import type { Server } from "socket.io";
import { type AllowsHost, createHostCheck } from "./auth/hosts.ts";
import { createOriginCheck } from "./auth/origins.ts";
import { createRevocations } from "./auth/revocations.ts";
import { createTokenVerifier } from "./auth/token-verifier.ts";
import { openCluster } from "./cluster/open-cluster.ts";
import { type Config, loadConfig } from "./config/config.ts";
import { createLimits } from "./config/limits.ts";
import { createLogger } from "./config/logger.ts";
import { createConsole } from "./console/console.ts";
import { developmentTokens } from "./console/development.ts";
import { createEventLog, type EventLog } from "./event-log/event-log.ts";
import { createHttp, createRouter } from "./http/http.ts";
import { createHttpServer, type Listeners, listen } from "./http/http-server.ts";
import { createMetrics, type Metrics } from "./http/metrics.ts";
import type { RealtimeTimes } from "./realtime/times.ts";
import { createServices, type Services } from "./services/services.ts";
import { createResumableSessions, type ResumableSessions } from "./services/session-resumption.ts";
import { openStore } from "./store/store.ts";
import { createRealtime } from "./wiring.ts";

export { type Config, ConfigError, loadConfig, readConfig } from "./config/config.ts";

/** How Classwire is created. Everything is optional; without options it is the standalone server. */
export interface ClasswireOptions {
  /** The settings; by default those of the environment. `readConfig({ PORT: "3000" })` reads them from an object. */
  config?: Config;
  /** An HTTP server of your own to attach to. Its other listeners keep working; you listen on it and close it yourself. */
  server?: HttpServer;
  /** An Express app of your own: the API is mounted on it, and the server serves it. */
  app?: Express;
  /** A pino logger of your own. */
  logger?: Logger;
  /** Whether Socket.IO's default namespace `/` admits no one, as it does without this, or is open for you to serve. */
  defaultNamespace?: "closed" | "open";
  /** Times of the real-time part in milliseconds, for tests. */
  times?: Partial<RealtimeTimes>;
}

/** A running Classwire. */
export interface Classwire {
  /** The Socket.IO server, for namespaces and events of your own. */
  readonly io: Server;
  /** The operations behind the API and the namespaces, to be called directly. */
  readonly services: Services;
  /** The HTTP server, yours or its own. */
  readonly server: HttpServer;
  /**
   * Listens on the configured ports and resolves with the URLs; does nothing, and resolves with none, where you gave a server.
   * @throws the system's error, e.g. EADDRINUSE
   * @example
   * const urls = await classwire.listen();
   * console.log(`listening at ${urls.join()}`);
   */
  listen(): Promise<readonly string[]>;
  /**
   * Admits no new clients, and answers `/readyz` with 503. Those who are connected stay until `close`.
   * @example
   * classwire.drain();
   */
  drain(): void;
  /**
   * Drains, tells every client, saves study time, flushes the log and closes everything. Resolves within 10 s. Idempotent.
   * @example
   * process.once("SIGTERM", () => void classwire.close().then(() => process.exit(0)));
   */
  close(): Promise<void>;
}

/** How long clients are given to disconnect when the node closes, in milliseconds. */
const DISCONNECT_TIMEOUT_MS = 2000;

/**
 * Creates a Classwire: opens the database (and migrates it), joins the cluster, serves the namespaces and the API.
 * @throws ConfigError for settings that cannot be used
 * @throws the error of what could not be opened; nothing stays open then
 * @example
 * import { createServer } from "node:http";
 * import { createClasswire, readConfig } from "classwire";
 * import express from "express";
 *
 * const app = express();
 * const server = createServer(app);
 * const config = readConfig({ JWT_SECRET: process.env["JWT_SECRET"], DATABASE_URL: process.env["DATABASE_URL"] });
 * const classwire = await createClasswire({ config, app, server });
 * server.listen(3000);
 * classwire.io.of("/channels").emit("system", { message: "hello", level: "info", code: 0, timestamp: Date.now() });
 */
export async function createClasswire(options: ClasswireOptions = {}): Promise<Classwire> {
  const config = options.config ?? loadConfig();
  const logger = options.logger ?? createLogger(config);
  const limits = createLimits(config);
  const verify = createTokenVerifier(config.auth);
  const allowsOrigin = createOriginCheck(config.origins);
  const allowsHost = createHostCheck(config.hosts);
  const metrics = createMetrics({ connections: () => realtime.connections(), redis: () => cluster.health().redis });

  const backends = await openBackends(config, logger, metrics);
  const { store, cluster, services, revocations } = backends;
  const parts = { ...backends, logger, limits, verify, allowsOrigin, allowsHost, metrics };

  const { defaultNamespace = "closed", times = {} } = options;
  const realtime = createRealtime({ ...parts, config, defaultNamespace, times });
  const { io, broadcast, control, isDraining: draining } = realtime;
  // An app of one's own has a page of its own.
  const page =
    config.console && options.app === undefined
      ? consolePage(config, allowsHost, () => listeners?.urls ?? [])
      : undefined;
  const trustedCidrs = config.apiTrustedCidrs;
  const api = { ...parts, broadcast, control, draining, trustedCidrs, ...(page && { console: page }) };
  options.app?.use(createRouter(api));
  const server = options.server ?? createHttpServer(options.app ?? createHttp(api));
  realtime.attach(server, options.server === undefined ? "refuse" : "leave");
  server.prependListener("request", (_request, response) => {
    if (draining()) response.setHeader("Connection", "close"); // so that proxies do not use it again
  });

  let listeners: Listeners | undefined;
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await realtime.closeConnections(DISCONNECT_TIMEOUT_MS); // new clients are answered 503 meanwhile
    listeners?.close();
    await flush(backends);
    revocations.close();
    // A proxy that keeps its connections and asks for /readyz on them would hold the server open for ever.
    if (options.server === undefined) server.closeAllConnections();
    await realtime.close();
    await cluster.close();
    await store.close();
  };
  return {
    io,
    services,
    server,
    async listen() {
      if (options.server === undefined)
        listeners ??= await listen(server, config.host, config.ports, limits.listenBacklog.most);
      return listeners?.urls ?? [];
    },
    drain: realtime.startDraining,
    close: () => (closed ??= close()),
  };
}

/** Opens what outlives a connection: the database, the cluster, and the services on top of them. */
async function openBackends(config: Config, logger: Logger, metrics: Metrics) {
  const onFault = (error: unknown): void => logger.error({ err: error }, "something failed in the background");
  const faults = { malformed: () => metrics.malformedFrame("redis"), dropped: () => metrics.droppedMessage() };
  const store = await openStore(config.database, { isPatient: config.production, logger });
  const { cluster, adapter } = await openCluster({
    redisUrl: config.redisUrl,
    prefix: config.redisPrefix,
    identity: store.history.identity,
    isPatient: config.production,
    logger,
    faults,
  }).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const eventLog = createEventLog({ store, retention: config.retention, logger });
  eventLog.onCommitted((events) => {
    for (const { channel } of events) metrics.eventsAppended(channel.slice(0, channel.indexOf("/")));
  });
  const services = createServices({ store, eventLog });
  const resumableSessions = createResumableSessions(store, cluster.node, onFault);
  const backends = { store, cluster, adapter, eventLog, services, resumableSessions };
  try {
    if (!config.production) await services.catalogue.seedIfEmpty();
    const keepDays = config.auth.maxDays;
    const revocations = await createRevocations({ store, bus: cluster.bus, keepDays, onFailure: onFault });
    return { ...backends, revocations };
  } catch (error) {
    await flush(backends);
    await cluster.close();
    await store.close();
    throw error;
  }
}

/** Writes what still waits to be written; stops what runs in the background. */
async function flush({ eventLog, services, resumableSessions }: Flushed): Promise<void> {
  await eventLog.close();
  await services.studyTime.close();
  await services.idempotency.close();
  await resumableSessions.close();
}

interface Flushed {
  readonly eventLog: EventLog;
  readonly services: Services;
  readonly resumableSessions: ResumableSessions;
}

function consolePage(config: Config, allowsHost: AllowsHost, urls: () => readonly string[]): Router {
  return createConsole({ tokens: config.production ? [] : developmentTokens(config), urls, allowsHost });
}
