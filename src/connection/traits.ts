// What a transport and the namespaces tell each other about a connection, whichever dialect it speaks.
import type { ChannelKind } from "../contract/channel-names.ts";
import type { Namespace } from "../contract/namespaces.ts";

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
  /** Whether a user named in the query is believed where the operator allows it. */
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

/** What is known of a connection before it is admitted. */
export interface AdmissionRequest {
  namespace: Namespace;
  traits: ConnectionTraits;
  /** The connection's id, unique over all nodes; its slots are held in its name. */
  connection: string;
  /** The token as the client gave it; never logged. */
  token: string | undefined;
  /** Query parameters; one that was given twice is an array and refused. */
  query: Readonly<Record<string, string | string[] | undefined>>;
  /** Handshake `auth` of Socket.IO clients. */
  auth: Readonly<Record<string, unknown>>;
  /** The peer's address, for the rate of bad tokens. */
  address: string;
}

/** WebSocket close codes in use (RFC 6455, 7.4.1). */
export const CLOSE = {
  normal: 1000,
  draining: 1001,
  binary: 1003,
  policy: 1008,
  tooBig: 1009,
  fault: 1011,
} as const;

/** Set on a connection before the server disconnects it, so that a raw client gets the right close frame. */
export interface Closing {
  code: (typeof CLOSE)[keyof typeof CLOSE];
  reason: string;
}
