// Closings: the code and reason with which a connection ends (RFC 6455, 7.4).
import { CLOSE, type Closing } from "../connection/close-codes.ts";
import type { Failure } from "../contract/errors.ts";

/** How clients are told that the node shuts down. */
export const DRAINING: Closing = { code: CLOSE.draining, reason: "服务器维护" };

/** How a connection is closed that is refused for this failure. */
export function closingFor(failure: Failure): Closing {
  return { code: failure.code === "SERVER_ERROR" ? CLOSE.fault : CLOSE.policy, reason: failure.message };
}
