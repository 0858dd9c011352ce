// Close frames: the code and reason with which a connection ends (RFC 6455, 5.5.1 and 7.4).
import { CLOSE, type Closing } from "../connection/close-codes.ts";
import type { Failure } from "../contract/errors.ts";

/** A control frame holds 125 bytes, two of which are the code. */
const MAX_REASON_BYTES = 123;

/** How clients are told that the node shuts down. */
export const DRAINING: Closing = { code: CLOSE.draining, reason: "服务器维护" };

/** How a connection is closed that is refused for this failure. */
export function closingFor(failure: Failure): Closing {
  return { code: failure.code === "SERVER_ERROR" ? CLOSE.fault : CLOSE.policy, reason: failure.message };
}

/** A reason cut to what a close frame can hold, never within a character. */
export function shortReason(reason: string): string {
  if (Buffer.byteLength(reason) <= MAX_REASON_BYTES) return reason;
  const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(MAX_REASON_BYTES));
  return reason.slice(0, read);
}
