// Failures over HTTP: whatever is thrown becomes a row of the error table, and that `{"error": {code, message, fields?}}`.
import { ERRORS, Failure, toFailure } from "../contract/errors.ts";
import { isUnavailable } from "../store/errors.ts";
import { Reply } from "./reply.ts";

const AGAIN_IN_MS = 1_000;

/** What the body parser and the router throw (http-errors): a status, and for bodies what was wrong. */
interface HttpError {
  status: number;
  type?: unknown;
  message: string;
}

/** Any thrown value as a failure that tells a caller what is his to know, and nothing of our inside. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (isUnavailable(error)) return new Failure("SERVER_ERROR", undefined, { retryAfterMs: AGAIN_IN_MS });
  if (!isHttpError(error) || error.status >= 500) return toFailure(error);
  if (error.status === 413) return new Failure("TOO_LARGE");
  if (error.type === "entity.parse.failed") return invalid("body", `is not JSON (${error.message.slice(0, 120)})`);
  // A broken escape in the path, which the router throws; an unknown encoding or charset of the body, one cut short or corrupt.
  return invalid(error instanceof URIError ? "path" : "body", error.message.slice(0, 120));
}

/** The failure for one field. */
export function invalid(field: string, problem: string): Failure {
  return new Failure("INVALID_MESSAGE", `${field}: ${problem}`, { fields: { [field]: problem } });
}

/** The reply that a failure is, with the headers that belong to it. */
export function replyOf(failure: Failure): Reply {
  const { fields, retryAfterMs, body } = failure;
  const { status } = ERRORS[failure.code];
  return new Reply(
    status,
    { error: { ...body, ...(fields === undefined ? {} : { fields }) } },
    {
      ...(retryAfterMs === undefined ? {} : { "Retry-After": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
      // RFC 6750, 3: a request without any token gets no reason.
      ...(status === 401
        ? { "WWW-Authenticate": failure.code === "AUTH_FAILED" ? "Bearer" : 'Bearer error="invalid_token"' }
        : {}),
    },
  );
}

function isHttpError(error: unknown): error is HttpError {
  return error instanceof Error && typeof (error as { status?: unknown }).status === "number";
}
