// Ending a connection from the server's side: the notice, the close frame, the disconnect.
import type { Closing } from "../contract/connection.ts";
import { rfc3339 } from "../contract/time.ts";
import { rawOf } from "./connections.ts";
import type { AnySocket } from "./types.ts";

/**
 * Tells the client why (`close`), then disconnects it. A Socket.IO connection may go on in its other namespaces;
 * a raw one is closed with the code.
 */
export function closeSocket(socket: AnySocket, closing: Closing): void {
  socket.emit("close", { reason: closing.reason, timestamp: rfc3339(new Date()) });
  const raw = rawOf(socket.conn);
  if (raw !== undefined) raw.closing = closing;
  socket.disconnect();
}
