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
