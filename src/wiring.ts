// The wiring of the real-time half: Socket.IO, the raw engine, the three namespaces and what they share.
import type { Server as HttpServer } from "node:http";
import type { Logger } from "pino";
import type { Server } from "socket.io";
import type { AllowsHost } from "./auth/hosts.ts";
import type { AllowsOrigin } from "./auth/origins.ts";
import type { Revocations } from "./auth/revocations.ts";
import type { Cluster } from "./cluster/cluster.ts";
import type { GuardedAdapter } from "./cluster/redis/adapter.ts";
import type { Config } from "./config/config.ts";
import type { Limits } from "./config/limits.ts";
import { AdmissionQueue } from "./connection/admission-queue.ts";
import { createUnsentBudget } from "./connection/unsent-budget.ts";
import type { VerifyToken } from "./contract/identity.ts";
import { createEngines } from "./engines.ts";
import type { EventLog } from "./event-log/event-log.ts";
import type { Metrics } from "./http/metrics.ts";
import { serveChannels } from "./namespaces/channels/channels.ts";
import type { ChannelsDependencies } from "./namespaces/channels/dependencies.ts";
import { serveDashboard } from "./namespaces/dashboard.ts";
import { type Namespaces, openNamespaces } from "./namespaces/open.ts";
import { createSessionResumptions } from "./namespaces/session-resumption.ts";
import { serveStudyTime } from "./namespaces/study-time.ts";
import { type Admit, createAdmission } from "./realtime/admission.ts";
import { type Broadcast, createBroadcast } from "./realtime/broadcast.ts";
import { closeConnections } from "./realtime/close-connections.ts";
import { type ConnectionCount, countConnections } from "./realtime/connection-counts.ts";
import { ConnectionLimits } from "./realtime/connection-limits.ts";
import { ConnectionRegistry } from "./realtime/connection-registry.ts";
import { type Control, createControl } from "./realtime/control.ts";
import { TokenExpiry } from "./realtime/expiry.ts";
import { createMessageRates } from "./realtime/message-rate.ts";
import { createOnRefused } from "./realtime/refusals.ts";
import { createRealtimeServer, type RealtimeOptions } from "./realtime/server.ts";
import { createBoundsReader } from "./realtime/streams/channel-bounds.ts";
import { Delivery } from "./realtime/streams/delivery.ts";
import { REALTIME_TIMES, type RealtimeTimes } from "./realtime/times.ts";
import type { Services } from "./services/services.ts";
import type { ResumableSessions } from "./services/session-resumption.ts";
import { Semaphore } from "./store/batching/semaphore.ts";

/** Replays that read the log at the same time: ten thousand catching-up clients must not stall the node. */
const REPLAYS_AT_A_TIME = 8;

/** What the real-time half stands on. */
export interface RealtimeDependencies {
  config: Config;
  limits: Limits;
  verify: VerifyToken;
  revocations: Pick<Revocations, "check" | "onRevoked">;
  allowsOrigin: AllowsOrigin;
  allowsHost: AllowsHost;
  cluster: Cluster;
  eventLog: EventLog;
  services: Services;
  resumableSessions: ResumableSessions;
  logger: Logger;
  /** What carries packets between nodes; a single node needs none. */
  adapter: GuardedAdapter | undefined;
  metrics: Pick<Metrics, "refused" | "delivered" | "malformedFrame">;
  /** Whether `/` admits no one, or is a library user's own. */
  defaultNamespace: "closed" | "open";
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
  connections(): ConnectionCount[];
  /** Takes no one in any more and sends everyone away, within `overMs`. */
  closeConnections(overMs: number): Promise<void>;
  close(): Promise<void>;
}

/** Wires it up; nobody is let in before `attach`. */
export function createRealtime(dependencies: RealtimeDependencies): Realtime {
  const { limits, revocations, cluster, logger } = dependencies;
  const times = { ...REALTIME_TIMES, ...dependencies.times };
  const onFault = (error: unknown): void => logger.error({ err: error }, "something failed in the background");
  let isDraining = false;
  let detach = (): void => undefined;
  const capacity = (): "ok" | "full" | "draining" => {
    if (isDraining) return "draining";
    return io.engine.clientsCount + engines.rawClientsCount + queue.waiting >= limits.maxConnections.most
      ? "full"
      : "ok";
  };

  const queue = new AdmissionQueue(limits.waitingConnections.most);
  const options = realtimeOptions(dependencies, times, capacity, queue);
  const io = createRealtimeServer(options);
  if (dependencies.adapter !== undefined) io.adapter(dependencies.adapter);
  const registry = new ConnectionRegistry(cluster, times.probeMs);
  const admit = createAdmit(dependencies, registry, times);
  const engines = createEngines(io, options, { ...dependencies, admit });
  const namespaces = openNamespaces(io, {
    admit,
    joinWithinMs: times.joinWithinMs,
    onRefused: createOnRefused(dependencies),
    turn: () => queue.turn(),
  });
  const control = createControl(cluster, namespaces.all);
  revocations.onRevoked(() => control.endRevoked(revocations.check));
  const served = serveNamespaces(namespaces, dependencies, { registry, control, times, onFault });
  // What clients hold is of another history: they come again and are told so.
  dependencies.eventLog.onEpoch(() => {
    logger.warn(
      { epoch: dependencies.eventLog.epoch },
      "the database's history has changed: every client connects anew",
    );
    void closeConnections(namespaces.all, times.reconnectOverMs, onFault);
  });

  return {
    io,
    broadcast: createBroadcast(namespaces.channels, cluster),
    control,
    attach(server, others) {
      detach = engines.attach(server, others);
    },
    isDraining: () => isDraining,
    startDraining() {
      isDraining = true;
    },
    connections: () => namespaces.all.flatMap(countConnections),
    async closeConnections(overMs) {
      isDraining = true;
      await closeConnections(namespaces.all, overMs, onFault);
    },
    async close() {
      served.close();
      await engines.close(); // io.close() would wait for them for ever
      await io.close();
      detach();
    },
  };
}

function realtimeOptions(
  { config, limits, allowsOrigin, allowsHost, defaultNamespace }: RealtimeDependencies,
  { joinWithinMs }: RealtimeTimes,
  capacity: RealtimeOptions["capacity"],
  queue: AdmissionQueue,
): RealtimeOptions {
  return {
    transports: config.transports,
    keepAlive: config.keepAlive,
    joinWithinMs,
    defaultNamespace,
    messages: limits.messages,
    maxMessageBytes: limits.maxMessageBytes.most,
    maxBufferedBytes: limits.maxBufferedBytes.most,
    unsent: createUnsentBudget(limits.nodeBufferedBytes.most),
    allowsOrigin,
    allowsHost,
    capacity,
    queue,
  };
}

/** Who may connect, for Socket.IO and raw clients alike. */
function createAdmit(
  { config, limits, verify, revocations, cluster }: RealtimeDependencies,
  registry: ConnectionRegistry,
  { attemptMs }: RealtimeTimes,
): Admit {
  return createAdmission({
    verify,
    notRevoked: revocations.check,
    rates: cluster.rates,
    limits,
    connectionLimits: new ConnectionLimits(cluster, registry, limits),
    attemptMs,
    trustQueryUser: config.trustQueryUser,
  });
}

/** What the namespaces are given besides what the real-time half stands on. */
interface Parts {
  readonly registry: ConnectionRegistry;
  readonly control: Control;
  readonly times: RealtimeTimes;
  readonly onFault: (error: unknown) => void;
}

/** Serves the namespaces: what they share, then each of them. @returns releases what they hold */
function serveNamespaces(
  { dashboard, channels, studyTime }: Namespaces,
  {
    config,
    limits,
    verify,
    revocations,
    cluster,
    eventLog,
    services,
    resumableSessions,
    logger,
    metrics,
  }: RealtimeDependencies,
  { registry, control, times, onFault }: Parts,
): { close: () => void } {
  const boundsOf = createBoundsReader(eventLog);
  const delivery = new Delivery({
    eventLog,
    boundsOf,
    cluster,
    compareEveryMs: times.compareEveryMs,
    onFault,
    onDelivered: metrics.delivered,
    namespaceOf: (channel) => (channel.startsWith("dashboard/") ? dashboard : channels),
  });
  const shared: ChannelsDependencies = {
    verify,
    notRevoked: revocations.check,
    registry,
    tokens: new TokenExpiry({ verify, notRevoked: revocations.check, logger }),
    rates: createMessageRates(limits.messages),
    limits,
    times,
    logger,
    cluster,
    control,
    eventLog,
    streams: { eventLog, boundsOf, delivery, replays: new Semaphore(REPLAYS_AT_A_TIME), onFault },
    messages: services.messages,
    runSessions: services.runSessions,
    resumptions: createSessionResumptions({ sessions: resumableSessions, node: cluster.node, registry, onFault }),
    onFault,
  };
  const served = serveChannels(channels, shared);
  serveDashboard(dashboard, { ...shared, dashboard: services.dashboard });
  serveStudyTime(studyTime, {
    ...shared,
    studyTime: services.studyTime,
    timeoutMs: config.studyTimeoutMs,
  });
  return {
    close() {
      served.close();
      shared.resumptions.close();
      delivery.close();
    },
  };
}
