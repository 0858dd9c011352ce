// Traits: how one kind of client differs from the others, in one row each.
import type { ChannelKind } from "../contract/channel-names.ts";

/** The raw-WebSocket dialects. */
export type DialectName = "dashboard" | "channels" | "study-time" | "gateway" | "messenger";

/** How a kind of client differs from the others where the namespaces must know it. A raw dialect has one row of these. */
export interface ConnectionTraits {
  /** What the client speaks. */
  speaks: "socket.io" | DialectName;
  /** Whose limit of connections per user it counts against. */
  limit: "dashboard" | "channels" | "gateway" | "study-time";
  /** A connection displaced by a newer one leaves, or waits silently for its turn. */
  displaced: "leave" | "wait";
  /** Own channels that it hears without a subscription. */
  subscribes: readonly ChannelKind[];
  /** How it says that it has handled an event: by an `ack` of its own, or by the pong to a ping sent after the frame. */
  acknowledges: "ack" | "pong";
  /** Whether a user named in the query identifies the client, where the operator allows it. */
  queryUser: "never" | "user" | "user-or-guest";
  /** After an unclean end the next connection goes on with its rooms, subscriptions and cursors. */
  resumes: boolean;
}

/** The traits of every Socket.IO client. `limit` and `subscribes` follow from its namespace. */
export const SOCKET_IO_TRAITS = {
  speaks: "socket.io",
  displaced: "leave",
  acknowledges: "ack",
  queryUser: "never",
  resumes: false,
} as const;
