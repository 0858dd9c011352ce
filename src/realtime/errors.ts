// Errors that a client is told of outside of acks: the `error` event, and `connect_error`.
import type { ErrorBody, ErrorCode } from "../contract/errors.ts";
import { rfc3339 } from "../contract/time.ts";
import type { AnySocket } from "./types.ts";

/** Tells a client of an error: `{code, message, …detail, timestamp}`, the time in RFC 3339. */
export function emitError(socket: AnySocket, error: ErrorBody, detail: object = {}): void {
  socket.emit("error", { ...error, ...socket.data.errorDetail?.(), ...detail, timestamp: rfc3339(new Date()) });
}

/** The error with which a namespace refuses a client: a `connect_error` with `data: {code, message}`. */
export function connectError(code: ErrorCode, message: string): Error & { data: ErrorBody } {
  return Object.assign(new Error(message), { data: { code, message } });
}
