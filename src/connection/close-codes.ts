// Close codes: how the server says why it ends a connection.

/** The WebSocket close codes in use (RFC 6455, 7.4.1). */
export const CLOSE = {
  normal: 1000,
  draining: 1001,
  binary: 1003,
  policy: 1008,
  tooBig: 1009,
  fault: 1011,
} as const;

/** How a connection ends. A raw client sees both in its close frame, a reason beyond 123 bytes cut short. */
export interface Closing {
  code: (typeof CLOSE)[keyof typeof CLOSE];
  reason: string;
}

/** What ws reports of a close frame without a code (RFC 6455, 7.1.5); without any frame it is 1006. */
const NO_CODE = 1005;
/** Codes of the application's own (RFC 6455, 7.4.2). */
const OWN_CODES = { first: 3000, last: 4999 };

/**
 * Whether a client's close frame says that it wanted to go: it has finished (1000), its page was closed (1001), or whatever
 * its application means by a code of its own. All other codes tell of an error.
 */
export function isCleanClose(code: number): boolean {
  if (code >= OWN_CODES.first) return code <= OWN_CODES.last;
  return code === CLOSE.normal || code === CLOSE.draining || code === NO_CODE;
}
