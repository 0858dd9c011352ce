// One client's connection as the namespaces see it, whichever transport or dialect is behind it.
import type { Closing } from "./close-codes.ts";

/**
 * What the namespaces may ask of a connection. There is one implementation for engine.io's connections and one for raw
 * WebSockets. Implementations MUST be safe to call on a connection that is gone, and MUST NOT throw.
 */
export interface ClientConnection {
  /** What the client came over: Socket.IO's `websocket` or `polling` (which may change), or the name of a dialect. */
  readonly transportName: string;
  /** What the admission before the upgrade returned; undefined where each namespace admits the client for itself. */
  readonly admission: unknown;
  /** Bytes that the client has not taken yet. */
  readonly bufferedBytes: number;
  /**
   * True once the client itself has closed the connection with a WebSocket close frame that tells of no error. False where a
   * client polls: it can only leave its namespaces.
   */
  readonly endedCleanly: boolean;
  /** Resolves when the client has taken everything that was sent to it, or when the connection is closed. */
  drained(): Promise<void>;
  /** Pings the client; resolves with false when no pong came within `timeoutMs` milliseconds. */
  probe(timeoutMs: number): Promise<boolean>;
  /** Reads nothing from the client for `ms` milliseconds: it sends too much, and TCP is to hold it back. */
  pauseReading(ms: number): void;
  /** Says with which code and reason the connection ends once the server disconnects it; the last call counts. */
  closeWith(closing: Closing): void;
}

/** The connection itself where it implements the interface, as raw ones do; undefined for any other object. */
export function asClientConnection(connection: object): ClientConnection | undefined {
  return "closeWith" in connection ? (connection as ClientConnection) : undefined;
}
