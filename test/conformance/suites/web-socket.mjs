// The `ws` that a protocol suite is given: every message is an event of its own task.
// @ts-check
import * as ws from "ws";

/** A client whose messages never come two in one task. */
export class WebSocket extends ws.WebSocket {
  /** @param {string} address */
  constructor(address) {
    super(address, { allowSynchronousEvents: false });
  }
}
