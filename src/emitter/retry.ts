// When a failed call is tried again: back-off with full jitter, never sooner than the server asks.

/** How one attempt ended: an HTTP status, or undefined when no answer came. `retryAfter` is that header as it stood. */
export interface Attempt {
  status: number | undefined;
  retryAfter: string | null;
}

/** Bounds of the back-off, in milliseconds. */
export interface Backoff {
  first: number;
  longest: number;
}

/** 200 ms, doubling up to 5 s. */
export const DEFAULT_BACKOFF: Backoff = { first: 200, longest: 5000 };

/** True when trying the same call again may help: no answer, too early, too much, or the server's own fault. */
export function isWorthRetrying(status: number | undefined): boolean {
  return status === undefined || status === 408 || status === 425 || status === 429 || status >= 500;
}

/**
 * Milliseconds to wait before attempt `attempt` + 1 (the first is 1).
 * Full jitter spreads callers that failed together; `Retry-After` is a lower bound, to which the jitter is added.
 */
export function retryDelay(
  attempt: number,
  retryAfter: string | null,
  { now = Date.now(), random = Math.random, backoff = DEFAULT_BACKOFF } = {},
): number {
  const ceiling = Math.min(backoff.longest, backoff.first * 2 ** Math.min(attempt - 1, 30));
  return parseRetryAfter(retryAfter, now) + Math.round(random() * ceiling);
}

/** `Retry-After` in milliseconds (RFC 9110, 10.2.3: seconds or a date); 0 when absent or unreadable. */
export function parseRetryAfter(header: string | null, now: number): number {
  if (header === null || header.trim() === "") return 0;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? 0 : Math.max(0, at - now);
}
