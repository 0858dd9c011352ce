// What a durable send rejects with.
import type { ErrorCode } from "../contract/errors.ts";

/** What is known of a call that failed. */
export interface PublishErrorDetail {
  /** HTTP status of the last answer; undefined when none came. */
  status: number | undefined;
  /** Names of the refused fields with the reason of each. */
  fields?: Record<string, string> | undefined;
  /** How often the call was tried. */
  attempts: number;
  /** What `fetch` threw, when no answer came. */
  cause?: unknown;
}

/**
 * A call that the server refused, or that could not be made before its deadline. With `NO_ANSWER` it is not known
 * whether the server has carried it out: calling again with the same idempotency key is safe.
 */
export class PublishError extends Error {
  override readonly name = "PublishError";
  readonly code: ErrorCode | "NO_ANSWER";
  readonly status: number | undefined;
  readonly fields: Record<string, string> | undefined;
  readonly attempts: number;

  constructor(code: ErrorCode | "NO_ANSWER", message: string, detail: PublishErrorDetail) {
    super(message, { cause: detail.cause });
    this.code = code;
    this.status = detail.status;
    this.fields = detail.fields;
    this.attempts = detail.attempts;
  }
}
