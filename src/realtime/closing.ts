// Ending a connection from the server's side: the notice, the close frame, the disconnect.
import { CLOSE, type Closing } from "../connection/close-codes.ts";
import type { Failure } from "../contract/errors.ts";
import { rfc3339 } from "../contract/time.ts";
import { emitError } from "./errors.ts";
import type { AnySocket } from "./types.ts";

/** Tells the client why (`close`), and a raw connection with which code it ends. Disconnects nobody. */
export function announceClose(socket: AnySocket, closing: Closing): void {
  socket.emit("close", { reason: closing.reason, timestamp: rfc3339(new Date()) });
  socket.data.connection.closeWith(closing);
}

/**
 * Tells the client why, then disconnects it. A Socket.IO connection may go on in its other namespaces; a raw one is closed
 * with the code. A socket that has gone already is left alone.
 */
export function closeSocket(socket: AnySocket, closing: Closing): void {
  if (!socket.connected) return;
  announceClose(socket, closing);
  socket.disconnect();
}

/** Tells the client of a failure after which it may not stay, and disconnects it. */
export function closeWithError(socket: AnySocket, { body }: Failure): void {
  if (!socket.connected) return;
  emitError(socket, body);
  closeSocket(socket, { code: CLOSE.policy, reason: body.message });
}

/** Whether the client itself has ended this socket: it left the namespace, or closed the WebSocket with a close frame. `reason` is what Socket.IO gives. */
export function isCleanEnd(socket: AnySocket, reason: string): boolean {
  return reason === "client namespace disconnect" || socket.data.connection.endedCleanly;
}

/** Tells the client that we are at fault, and closes the connection with all its namespaces, so that it comes again by itself. */
export function closeFaulty(socket: AnySocket): void {
  if (!socket.connected) return;
  announceClose(socket, { code: CLOSE.fault, reason: "the server cannot do this now, try again" });
  socket.conn.close();
}
