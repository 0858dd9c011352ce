// Close frames: the code and reason with which a connection ends (RFC 6455, 5.5.1 and 7.4).
import { CLOSE, type Closing } from "../connection/close-codes.ts";
import type { Failure } from "../contract/errors.ts";

/** A control frame holds 125 bytes, two of them the code. */
const MOST_REASON_BYTES = 123;

/** How everyone is told that the node goes. */
export const DRAINING: Closing = { code: CLOSE.draining, reason: "服务器维护" };

/** How a refused connection is closed. */
export function closingFor(failure: Failure): Closing {
  return { code: failure.code === "SERVER_ERROR" ? CLOSE.fault : CLOSE.policy, reason: failure.message };
}

/** A reason cut to what a close frame can hold, never within a character. */
export function shortReason(reason: string): string {
  if (Buffer.byteLength(reason) <= MOST_REASON_BYTES) return reason;
  const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(MOST_REASON_BYTES));
  return reason.slice(0, read);
}
