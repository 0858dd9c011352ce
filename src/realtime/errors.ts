// Errors that a client is told of outside of acks: the `error` event, and `connect_error`.
import type { ErrorBody, Failure, RefusalBody } from "../contract/errors.ts";
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

/** When a client may come again that was refused through no fault of its own, unless the failure says otherwise. */
const RETRY_AFTER_MS = 5000;

/** The error with which a namespace refuses a client: a `connect_error` with `data: {code, message, retryAfter?}`. */
export function connectError({ body, retryAfterMs }: Failure): Error & { data: RefusalBody } {
  const isTemporary = body.code === "RATE_LIMIT" || body.code === "SERVER_ERROR";
  const retryAfter = Math.max(1, Math.ceil((retryAfterMs ?? RETRY_AFTER_MS) / 1000));
  return Object.assign(new Error(body.message), { data: isTemporary ? { ...body, retryAfter } : body });
}
