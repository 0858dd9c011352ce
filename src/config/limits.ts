// The table of limits: what is limited, to how much, over what time, and for whom.
import type { ConnectionTraits } from "../connection/traits.ts";

/** Whom a limit applies to: each of these is counted separately. */
export type Owner = "node" | "user" | "user and course" | "address" | "connection" | "room" | "request";

/** At most `points` in a window of `seconds`. Fits `Rates.take`, whose key names the owner. */
export interface RateLimit {
  /** The row's name, also the prefix of its keys in shared state. */
  readonly name: string;
  /** What is counted. */
  readonly what: string;
  readonly points: number;
  readonly seconds: number;
  readonly whose: Owner;
}

/** A rate that may be exceeded for a moment: a token bucket of size `burst` that is filled with `points` in `seconds`. */
export interface BurstLimit extends RateLimit {
  readonly burst: number;
}

/** At most `most` of a unit at once. */
export interface SizeLimit {
  readonly name: string;
  /** What is counted. */
  readonly what: string;
  readonly most: number;
  readonly unit: "connections" | "rooms" | "subscriptions" | "users" | "bytes";
  readonly whose: Owner;
}

/** The limits that the operator can set, see `.env.example`. */
export interface LimitSettings {
  readonly maxConnections: number;
  readonly maxMessageBytes: number;
  readonly maxBufferedBytes: number;
  readonly messagesPerSecond: number;
  readonly dashboardAttemptsPerMinute: number;
  readonly connectAttemptsPerMinute: number;
  readonly dashboardConnectionsPerUser: number;
  readonly channelsConnectionsPerUser: number;
  readonly gatewayConnectionsPerUser: number;
  readonly presenceListMax: number;
  readonly listenBacklog: number;
}

/** All limits by name. */
export type Limits = ReturnType<typeof createLimits>;

/** Creates the table from the settings. A new limit is one more row here, and the code that enforces it. */
export function createLimits(config: { readonly limits: LimitSettings }) {
  const set = config.limits;
  return {
    // Attempts and messages over time.
    dashboardAttempts: rate("dashboardAttempts", set.dashboardAttemptsPerMinute, 60, "user", "connects to /dashboard"),
    connectAttempts: rate("connectAttempts", set.connectAttemptsPerMinute, 60, "user", "connects to other namespaces"),
    badTokens: rate("badTokens", set.connectAttemptsPerMinute, 60, "address", "connects and calls with a bad token"),
    chatToEveryone: rate("chatToEveryone", 1, 1, "user", "chat messages to everyone"),
    chatOnce: rate("chatOnce", 1, 24 * 3600, "user", "chat messages to everyone with one id"),
    messages: {
      ...rate("messages", set.messagesPerSecond, 1, "connection", "inbound messages"),
      burst: 2 * set.messagesPerSecond,
    } satisfies BurstLimit,

    // Connections.
    maxConnections: size("maxConnections", set.maxConnections, "connections", "node", "open connections"),
    listenBacklog: size(
      "listenBacklog",
      set.listenBacklog,
      "connections",
      "node",
      "connections not accepted yet, per port",
    ),
    waitingConnections: size(
      "waitingConnections",
      5000,
      "connections",
      "node",
      "new connections that wait for their turn",
    ),
    dashboardConnections: connections("dashboardConnections", set.dashboardConnectionsPerUser, "/dashboard"),
    channelsConnections: connections("channelsConnections", set.channelsConnectionsPerUser, "/channels"),
    gatewayConnections: connections(
      "gatewayConnections",
      set.gatewayConnectionsPerUser,
      "gateway and messenger dialects",
    ),
    studyTimeConnections: size("studyTimeConnections", 1, "connections", "user and course", "/study-time"),
    waitingDashboards: size("waitingDashboards", 4, "connections", "user", "displaced raw dashboards that wait"),

    // What one connection may hold and send.
    roomsPerSocket: size("roomsPerSocket", 50, "rooms", "connection", "joined rooms"),
    subscriptionsPerSocket: size("subscriptionsPerSocket", 100, "subscriptions", "connection", "subscribed channels"),
    presenceList: size("presenceList", set.presenceListMax, "users", "room", "members that are told by name"),
    maxMessageBytes: size("maxMessageBytes", set.maxMessageBytes, "bytes", "connection", "one inbound frame"),
    maxBufferedBytes: size("maxBufferedBytes", set.maxBufferedBytes, "bytes", "connection", "unsent bytes"),
    nodeBufferedBytes: size("nodeBufferedBytes", 64 * 1024 * 1024, "bytes", "node", "unsent bytes of all connections"),

    // HTTP.
    httpBody: size("httpBody", 512 * 1024, "bytes", "request", "the body of a call"),
    batchBody: size("batchBody", 8 * 1024 * 1024, "bytes", "request", "the body of a batch"),
  };
}

/** The limit that the connections of a kind of client count against. */
export function connectionLimit(limits: Limits, limit: ConnectionTraits["limit"]): SizeLimit {
  switch (limit) {
    case "dashboard":
      return limits.dashboardConnections;
    case "channels":
      return limits.channelsConnections;
    case "gateway":
      return limits.gatewayConnections;
    case "study-time":
      return limits.studyTimeConnections;
  }
}

function rate(name: string, points: number, seconds: number, whose: Owner, what: string): RateLimit {
  return { name, what, points, seconds, whose };
}

function size(name: string, most: number, unit: SizeLimit["unit"], whose: Owner, what: string): SizeLimit {
  return { name, what, most, unit, whose };
}

function connections(name: string, most: number, what: string): SizeLimit {
  return size(name, most, "connections", "user", what);
}
