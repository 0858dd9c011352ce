// The wiring of the real-time half: Socket.IO, the raw engine, the three namespaces and what they share.
import type { Server as HttpServer } from "node:http";
import type { Logger } from "pino";
import type { Server } from "socket.io";
import type { AllowsOrigin } from "./auth/origins.ts";
import type { Revocations } from "./auth/revocations.ts";
import type { Cluster } from "./cluster/cluster.ts";
import type { GuardedAdapter } from "./cluster/redis/adapter.ts";
import type { Config } from "./config/config.ts";
import type { Limits } from "./config/limits.ts";
import { createUnsentBudget } from "./connection/unsent-budget.ts";
import type { VerifyToken } from "./contract/identity.ts";
import type { Log } from "./event-log/event-log.ts";
import type { Metrics } from "./http/metrics.ts";
import { serveChannels } from "./namespaces/channels/channels.ts";
import type { ChannelsDependencies } from "./namespaces/channels/dependencies.ts";
import { checkResume, serveDashboard } from "./namespaces/dashboard.ts";
import { createSessionResumptions } from "./namespaces/session-resumption.ts";
import { serveStudyTime } from "./namespaces/study-time.ts";
import { DIALECTS } from "./raw/dialects/table.ts";
import { RawEngine } from "./raw/engine.ts";
import { routeUpgrades } from "./raw/upgrade-router.ts";
import { type Admission, createAdmission } from "./realtime/admission.ts";
import { authenticate } from "./realtime/authentication.ts";
import { type Broadcast, createBroadcast } from "./realtime/broadcast.ts";
import { createConnectionLimits } from "./realtime/connection-limits.ts";
import { createConnectionRegistry } from "./realtime/connection-registry.ts";
import { type Control, createControl } from "./realtime/control.ts";
import { closeConnections } from "./realtime/drain.ts";
import { createMessageRate, createMessageRates } from "./realtime/message-rate.ts";
import { createNamespaceSlots, trackAllNamespaces } from "./realtime/namespace-slots.ts";
import { attachEngine, createRealtimeServer, guardConnections } from "./realtime/server.ts";
import { createBoundsReader } from "./realtime/streams/channel-bounds.ts";
import { createDelivery } from "./realtime/streams/delivery.ts";
import { REALTIME_TIMES, type RealtimeTimes } from "./realtime/times.ts";
import type { AnyNamespace } from "./realtime/types.ts";
import type { Services } from "./services/services.ts";
import type { ResumableSessions } from "./services/session-resumption.ts";
import { createTurns } from "./store/batching/semaphore.ts";

/** Replays that read the log at the same time: ten thousand catching-up clients must not stall the node. */
const REPLAYS_AT_A_TIME = 8;

/** What the real-time half stands on. */
export interface RealtimeDependencies {
  config: Config;
  limits: Limits;
  verify: VerifyToken;
  revocations: Pick<Revocations, "check" | "onRevoked">;
  allowsOrigin: AllowsOrigin;
  cluster: Cluster;
  eventLog: Log;
  services: Services;
  resumableSessions: ResumableSessions;
  logger: Logger;
  /** What carries packets between nodes; a single node needs none. */
  adapter: GuardedAdapter["adapter"] | undefined;
  metrics: Pick<Metrics, "refused" | "delivered" | "malformedFrame">;
  /** Times that tests shorten. */
  times?: Partial<RealtimeTimes>;
}

/** The real-time half. */
export interface Realtime {
  readonly io: Server;
  readonly broadcast: Broadcast;
  readonly control: Control;
  /** Serves clients of this HTTP server; upgrades of unknown paths are refused, or left to its other listeners. */
  attach(server: HttpServer, others: "refuse" | "leave"): void;
  isDraining(): boolean;
  /** From now on takes no one in; those who are connected stay. */
  startDraining(): void;
  /** Open connections by namespace and transport. */
  connections(): { namespace: string; transport: string; connections: number }[];
  /** Takes no one in any more and sends everyone away, within `overMs`. */
  closeConnections(overMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Wires it up. */
export function createRealtime(dependencies: RealtimeDependencies): Realtime {
  const {
    config,
    limits,
    verify,
    revocations,
    allowsOrigin,
    cluster,
    eventLog,
    services,
    resumableSessions,
    logger,
    metrics,
  } = dependencies;
  const times = { ...REALTIME_TIMES, ...dependencies.times };
  const notRevoked = revocations.check;
  let draining = false;
  let detach = (): void => undefined;
  const onFault = (error: unknown): void => logger.error({ err: error }, "something failed in the background");
  const options = {
    transports: config.transports,
    keepAlive: config.keepAlive,
    joinWithinMs: times.joinWithinMs,
    messages: limits.messages,
    maxMessageBytes: limits.maxMessageBytes.most,
    maxBufferedBytes: limits.maxBufferedBytes.most,
    allowsOrigin,
    unsent: createUnsentBudget(limits.nodeBufferedBytes.most),
    capacity: () => {
      if (draining) return "draining";
      return io.engine.clientsCount + raw.clientsCount >= limits.maxConnections.most ? "full" : "ok";
    },
  } as const;
  const io: Server = createRealtimeServer(options);
  if (dependencies.adapter !== undefined) io.adapter(dependencies.adapter);
  const registry = createConnectionRegistry(cluster, times.probeMs);
  const connectionLimits = createConnectionLimits(cluster, registry, limits);
  const admit = createAdmission({
    verify,
    notRevoked,
    rates: cluster.rates,
    limits,
    connectionLimits,
    trustQueryUser: config.trustQueryUser,
  });
  const raw = new RawEngine<Admission>({
    dialects: DIALECTS,
    admit,
    release: (admission) => void admission.release(),
    messageRate: () => {
      const rate = createMessageRate(limits.messages); // asked for every malformed frame
      return () => {
        metrics.malformedFrame("raw");
        return rate();
      };
    },
    maxMessageBytes: limits.maxMessageBytes.most,
    unsent: { maxBufferedBytes: limits.maxBufferedBytes.most, budget: options.unsent },
    keepAlive: config.keepAlive,
    onFault: (what, error) => logger.error({ err: error, what }, "the raw engine failed"),
    onRefused: (_dialect, code) => metrics.refused(code),
  });
  const slots = createNamespaceSlots(times.joinWithinMs);
  trackAllNamespaces(io, slots);

  const dashboard = io.of("/dashboard") as AnyNamespace;
  const channels = io.of("/channels") as AnyNamespace;
  const studyTime = io.of("/study-time") as AnyNamespace;
  const namespaces = [dashboard, channels, studyTime];
  checkResume(dashboard);
  for (const namespace of namespaces) {
    authenticate(namespace, {
      admit,
      slots,
      onRefused(name, code, error) {
        metrics.refused(code);
        if (code === "SERVER_ERROR")
          logger.error({ err: error, namespace: name }, "a connection could not be admitted");
      },
    });
  }

  const boundsOf = createBoundsReader(eventLog);
  const delivery = createDelivery({
    eventLog,
    boundsOf,
    cluster,
    compareEveryMs: times.compareEveryMs,
    onFault,
    onDelivered: metrics.delivered,
    namespaceOf: (channel) => (channel.startsWith("dashboard/") ? dashboard : channels),
  });
  const isAlive = async (holder: string, node: string): Promise<boolean> =>
    (await registry.probe([{ holder, node }])).has(holder);
  const control = createControl(cluster, namespaces);
  revocations.onRevoked(() => control.endRevoked(notRevoked));
  const shared: ChannelsDependencies = {
    verify,
    notRevoked,
    registry,
    rates: createMessageRates(limits.messages),
    limits,
    times,
    logger,
    cluster,
    control,
    eventLog,
    streams: { eventLog, boundsOf, delivery, turns: createTurns(REPLAYS_AT_A_TIME), onFault },
    messages: services.messages,
    runSessions: services.runSessions,
    resumptions: createSessionResumptions(resumableSessions, cluster.node, isAlive, onFault),
    onFault,
  };
  const served = serveChannels(channels, shared);
  serveDashboard(dashboard, { ...shared, dashboard: services.dashboard });
  serveStudyTime(studyTime, {
    ...shared,
    studyTime: services.studyTime,
    epoch: eventLog.epoch,
    timeoutMs: config.studyTimeoutMs,
  });

  return {
    io,
    broadcast: createBroadcast(channels, cluster),
    control,
    attach(server, others) {
      io.bind(raw); // first: what is bound last is `io.engine`
      const detachEngine = attachEngine(io, server, options);
      guardConnections(io, options);
      const unroute = routeUpgrades(server, { engine: raw, allowsOrigin, capacity: options.capacity, others });
      detach = () => {
        unroute();
        detachEngine();
      };
    },
    isDraining: () => draining,
    startDraining() {
      draining = true;
    },
    connections() {
      return namespaces.flatMap((namespace) => {
        const counts = new Map<string, number>();
        for (const { data } of namespace.sockets.values()) {
          const transport = data.connection.transportName;
          counts.set(transport, (counts.get(transport) ?? 0) + 1);
        }
        return [...counts].map(([transport, connections]) => ({ namespace: namespace.name, transport, connections }));
      });
    },
    async closeConnections(overMs) {
      draining = true;
      await closeConnections(namespaces, overMs, onFault);
    },
    async close() {
      served.close();
      delivery.close();
      await raw.close(); // io.close() would wait for it for ever
      await io.close();
      detach();
    },
  };
}
