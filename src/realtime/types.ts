// Socket.IO's types as Classwire fills them in: one kind of socket per namespace, its events from the rows of the contract.
import type { DefaultEventsMap, Namespace, Socket } from "socket.io";
import type { ClientConnection } from "../connection/client-connection.ts";
import type { ChannelsClientEvents, ChannelsServerEvents } from "../contract/channels.ts";
import type { DashboardClientEvents, DashboardServerEvents } from "../contract/dashboard.ts";
import type { StudyTimeClientEvents, StudyTimeServerEvents } from "../contract/study-time.ts";
import type { Admission } from "./admission.ts";

/** What the server keeps with each socket. Never crosses Redis: nothing calls `fetchSockets`. */
export interface SocketData {
  /** Set before the admission. */
  connection: ClientConnection;
  admission: Admission;
  /** What the namespace adds to every `error` event that this socket is told of. */
  errorDetail?: () => { studyTime: number };
  /** Watches its token, and takes a newer one. */
  tokens?: TokenRenewal;
  /** What is still to be saved for it when the node drains. */
  beforeDrain?: () => Promise<void>;
}

/** The events that every namespace has. */
export type CommonServerEvents = Pick<DashboardServerEvents, "close" | "error">;

/** What renews the tokens of a node's sockets. */
export interface TokenRenewal {
  /** Takes a newer token of the same user in the place of the old one. Throws a `Failure` for any other. */
  renew(socket: AnySocket, token: string): void;
}

/** A socket of any namespace, as the parts shared by all namespaces see it. */
export type AnySocket = Socket<DefaultEventsMap, CommonServerEvents, DefaultEventsMap, SocketData>;
/** A namespace of any kind. */
export type AnyNamespace = Namespace<DefaultEventsMap, CommonServerEvents, DefaultEventsMap, SocketData>;

/** A socket of `/dashboard`. */
export type DashboardSocket = Socket<DashboardClientEvents, DashboardServerEvents, DefaultEventsMap, SocketData>;
/** The `/dashboard` namespace. */
export type DashboardNamespace = Namespace<DashboardClientEvents, DashboardServerEvents, DefaultEventsMap, SocketData>;
/** A socket of `/channels`. */
export type ChannelsSocket = Socket<ChannelsClientEvents, ChannelsServerEvents, DefaultEventsMap, SocketData>;
/** The `/channels` namespace. */
export type ChannelsNamespace = Namespace<ChannelsClientEvents, ChannelsServerEvents, DefaultEventsMap, SocketData>;
/** A socket of `/study-time`. */
export type StudyTimeSocket = Socket<StudyTimeClientEvents, StudyTimeServerEvents, DefaultEventsMap, SocketData>;
/** The `/study-time` namespace. */
export type StudyTimeNamespace = Namespace<StudyTimeClientEvents, StudyTimeServerEvents, DefaultEventsMap, SocketData>;
