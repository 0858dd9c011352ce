// The transport of a raw connection, as far as Socket.IO looks at one.
import { type SendQueue, SLOW_BYTES } from "./send-queue.ts";

/** Imitates engine.io's transport: Socket.IO drops a volatile event while it is not writable. */
export class Transport {
  readonly name = "websocket-raw";
  readonly #sendQueue: SendQueue;

  constructor(sendQueue: SendQueue) {
    this.#sendQueue = sendQueue;
  }

  get writable(): boolean {
    return this.#sendQueue.bytes <= SLOW_BYTES;
  }
}
