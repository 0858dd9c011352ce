// The error table: every code that a client, a backend or a raw frame can see, and nothing else.

/** What each code means over HTTP and what it says when the place that raises it adds nothing. */
export const ERRORS = {
  AUTH_FAILED: { status: 401, message: "认证失败，请重新登录" },
  INVALID_TOKEN: { status: 401, message: "the token is not valid" },
  TOKEN_EXPIRED: { status: 401, message: "the token has expired" },
  RATE_LIMIT: { status: 429, message: "too many attempts, messages or connections" },
  SERVER_ERROR: { status: 503, message: "the server cannot do this now, try again" },
  INVALID_MESSAGE: { status: 400, message: "Invalid message format" },
  FORBIDDEN: { status: 403, message: "this is not yours" },
  NOT_FOUND: { status: 404, message: "there is no such thing" },
  CONFLICT: { status: 409, message: "this is taken or was used differently before" },
  TOO_LARGE: { status: 413, message: "the body is too large" },
} as const;

/** One of the codes of the error table. */
export type ErrorCode = keyof typeof ERRORS;

/** An error as clients see it: in acks, `connect_error.data`, error frames and HTTP bodies. */
export interface ErrorBody {
  code: ErrorCode;
  message: string;
}

/** What a refused Socket.IO connection is told: `connect_error.data`. */
export interface RefusalBody extends ErrorBody {
  /** After how many whole seconds another try makes sense; with `RATE_LIMIT` and `SERVER_ERROR`. */
  retryAfter?: number;
}

/** What a failure may add to its code. */
export interface FailureDetail {
  /** Names of the refused fields with the reason of each; HTTP shows them as `fields`. */
  fields?: Record<string, string>;
  /** After how many milliseconds another try makes sense; HTTP shows whole seconds as `Retry-After`. */
  retryAfterMs?: number;
  /** Why, in more detail than the caller may know: only the server's own log says it. */
  reason?: string;
}

/** A refusal from the error table. Whatever else is thrown is our fault and reaches clients as `SERVER_ERROR` only. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: ErrorCode;
  readonly fields: Record<string, string> | undefined;
  readonly retryAfterMs: number | undefined;
  readonly reason: string | undefined;

  constructor(code: ErrorCode, message: string = ERRORS[code].message, detail: FailureDetail = {}) {
    super(message);
    this.code = code;
    this.fields = detail.fields;
    this.retryAfterMs = detail.retryAfterMs;
    this.reason = detail.reason;
  }

  /** `{code, message}`, the part that every transport shows. */
  get body(): ErrorBody {
    return { code: this.code, message: this.message };
  }
}

/** Any thrown value as a failure: a `Failure` as it is, all else a `SERVER_ERROR` that tells nothing of the cause. */
export function toFailure(error: unknown): Failure {
  return error instanceof Failure ? error : new Failure("SERVER_ERROR");
}
