// Errors that a client did not ask for in an ack: the `error` event.
import type { ErrorBody } from "../contract/errors.ts";
import { rfc3339 } from "../contract/time.ts";
import type { AnySocket } from "./types.ts";

/** Tells a client of an error: `{code, message, …detail, timestamp}`, the time in RFC 3339. */
export function emitError(socket: AnySocket, error: ErrorBody, detail: object = {}): void {
  socket.emit("error", { ...error, ...socket.data.errorDetail?.(), ...detail, timestamp: rfc3339(new Date()) });
}
