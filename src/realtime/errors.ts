// Errors that a client is told of outside of acks: the `error` event, and `connect_error`.
import type { ErrorBody, ErrorCode } from "../contract/errors.ts";
import { rfc3339 } from "../contract/time.ts";
import type { AnySocket } from "./types.ts";

/** The payload of an `error` event: `{code, message, …detail, timestamp}`, the time in RFC 3339. */
export function errorPayload<Detail extends object>(
  error: ErrorBody,
  detail?: Detail,
): ErrorBody & Detail & { timestamp: string } {
  return { ...error, ...(detail as Detail), timestamp: rfc3339(new Date()) };
}

/** Tells a client of an error, with what its namespace adds. */
export function emitError(socket: AnySocket, error: ErrorBody): void {
  socket.emit("error", errorPayload(error, socket.data.errorDetail?.()));
}

/** The error with which a namespace refuses a client: a `connect_error` with `data: {code, message}`. */
export function connectError(code: ErrorCode, message: string): Error & { data: ErrorBody } {
  return Object.assign(new Error(message), { data: { code, message } });
}
