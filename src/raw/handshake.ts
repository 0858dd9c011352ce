// Opening a raw WebSocket, before its client is decided on or after.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { acceptUpgrade } from "../web-socket/accept.ts";
import { EarlyReader } from "../web-socket/held-messages.ts";
import type { WebSocket } from "../web-socket/web-socket.ts";

/** An open WebSocket. */
export interface Opened {
  readonly webSocket: WebSocket;
  /** Holds what the client sends until somebody else reads it. */
  readonly early: EarlyReader;
  /** The client reads frames that are compressed with the full window and without context takeover. */
  readonly deflates: boolean;
}

/** The largest message, in bytes, of a client that is opened before anybody knows who it is; room for a token of any size. */
const UNAUTHENTICATED_MESSAGE_BYTES = 16_384;

/** How WebSockets are opened. */
export interface HandshakeOptions {
  /** Larger messages close with 1009. */
  readonly maxMessageBytes: number;
  /** How long the client may take to answer a close frame, in milliseconds. */
  readonly closeTimeoutMs: number;
}

/**
 * Opens the WebSocket; undefined where the client has gone.
 * @param isUnauthenticated it has not been admitted yet: its messages must be small, for as long as it lives
 */
export function openWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  isUnauthenticated: boolean,
  { maxMessageBytes, closeTimeoutMs }: HandshakeOptions,
): Opened | undefined {
  const most = isUnauthenticated ? Math.min(maxMessageBytes, UNAUTHENTICATED_MESSAGE_BYTES) : maxMessageBytes;
  const accepted = acceptUpgrade(request, socket, head, { maxMessageBytes: most, closeTimeoutMs });
  return accepted && { ...accepted, early: new EarlyReader(accepted.webSocket) };
}
