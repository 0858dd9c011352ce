// What the client rejects with and reports.
import type { ErrorCode } from "../contract/errors.ts";

/** A code of the server's error table, or one of the client's own. */
export type ClientErrorCode = ErrorCode | "UNREACHABLE" | "TIMEOUT" | "DISCONNECTED" | "REPLACED" | "CLOSED";

/**
 * A refusal by the server, or a reason of the client's own: `UNREACHABLE` (no connection could be made), `TIMEOUT` (no
 * answer in time), `DISCONNECTED` (the connection went before the answer came; it is not known whether the server has
 * acted), `REPLACED` (a newer connection of the same user took over), `CLOSED` (`close()` was called).
 */
export class ClasswireError extends Error {
  override readonly name = "ClasswireError";
  readonly code: ClientErrorCode;
  /** After how many milliseconds the server takes another try, where it has said so. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ClientErrorCode, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    const { retryAfterMs, ...rest } = options;
    super(message, rest);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Any thrown value as a {@link ClasswireError}; what is none already becomes one of `code`. */
export function toClasswireError(error: unknown, code: ClientErrorCode): ClasswireError {
  if (error instanceof ClasswireError) return error;
  return new ClasswireError(code, error instanceof Error ? error.message : String(error), { cause: error });
}

/** The error that the server sent as `{code, message, retryAfter?}`, or undefined when `value` has no such shape. */
export function errorFromWire(value: unknown): ClasswireError | undefined {
  if (typeof value !== "object" || value === null || !("code" in value) || !("message" in value)) return undefined;
  const { code, message } = value;
  if (typeof code !== "string" || typeof message !== "string") return undefined;
  const seconds = "retryAfter" in value ? value.retryAfter : undefined;
  const isWait = typeof seconds === "number" && seconds > 0;
  return new ClasswireError(code as ErrorCode, message, isWait ? { retryAfterMs: seconds * 1000 } : {});
}
