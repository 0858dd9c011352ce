// Publishes to Redis without a promise to forget and without a queue that grows.
import type { Connection } from "./connection.ts";
import type { HealthMonitor } from "./health-monitor.ts";

/** Bytes that may be on their way to Redis. Beyond it messages are dropped: nodes read what they miss from the log. */
const MAX_BYTES_IN_FLIGHT = 16 * 1024 * 1024;

/** The sending end of pub/sub. */
export class Publisher {
  readonly #connection: Connection;
  readonly #health: HealthMonitor;
  readonly #onDropped: () => void;
  #bytes = 0;

  /** `onDropped` is called for each message that was not sent or not confirmed. */
  constructor(connection: Connection, health: HealthMonitor, onDropped: () => void) {
    this.#connection = connection;
    this.#health = health;
    this.#onDropped = onDropped;
    connection.on("error", () => undefined); // the health tells of outages; a lost message is counted below
  }

  /** Sends, or drops while Redis does not answer. Whether it was sent (not whether it arrived). Never throws. */
  publish(channel: string, payload: string | Buffer): boolean {
    const size = Buffer.byteLength(payload);
    if (!this.#health.isUp() || !this.#connection.isReady || this.#bytes + size > MAX_BYTES_IN_FLIGHT) {
      this.#onDropped();
      return false;
    }
    this.#bytes += size;
    this.#connection.publish(channel, payload).then(
      () => {
        this.#bytes -= size;
      },
      () => {
        this.#bytes -= size;
        this.#onDropped();
      },
    );
    return true;
  }

  /** How many bytes are on their way. */
  inFlightBytes(): number {
    return this.#bytes;
  }
}
