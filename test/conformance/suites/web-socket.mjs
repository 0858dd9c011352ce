// The `ws` that a protocol suite is given: every message is an event of its own task, the first of several at once.
// @ts-check
import * as ws from "ws";

/** A client whose messages never come two in one task. */
export class WebSocket extends ws.WebSocket {
  /** @type {[event: string, args: unknown[]][]} */
  #waiting = [];
  #hasHad = false;

  /**
   * @override
   * @param {string} event
   * @param {...unknown} args
   * @returns {boolean}
   */
  emit(event, ...args) {
    if (event !== "message" && event !== "close") return super.emit(event, ...args);
    if (this.#hasHad) {
      this.#waiting.push([event, args]);
      return true;
    }
    this.#hasHad = true; // in this task
    setImmediate(() => {
      this.#hasHad = false;
      const [next] = this.#waiting.splice(0, 1);
      if (next !== undefined) this.emit(next[0], ...next[1]);
    });
    return super.emit(event, ...args);
  }
}
