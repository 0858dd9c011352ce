// What a client sends before anybody can read it: held in order, and bounded by not reading on.
import type { RawData, WebSocket } from "ws";
import type { Reading } from "../connection/reading.ts";

/** A frame as it came. */
export interface Received {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/** The socket is paused once this many frames or bytes are held. */
const MAX_FRAMES = 32;
const MAX_BYTES = 65_536;

/** The inbound frames of one WebSocket. Holds them until `open`. */
export class ReceiveBuffer {
  readonly #reading: Reading;
  #held: Received[] = [];
  #heldBytes = 0;
  #reader: ((frame: Received) => void) | undefined;

  constructor(ws: WebSocket, reading: Reading) {
    this.#reading = reading;
    ws.on("message", (data: RawData, isBinary: boolean) => {
      if (Buffer.isBuffer(data)) this.#receive({ data, isBinary });
    });
  }

  /** Hands over everything held and to come, in order, until `hold`. */
  open(reader: (frame: Received) => void): void {
    this.#reader = reader;
    while (this.#reader !== undefined) {
      const frame = this.#held.shift();
      if (frame === undefined) break;
      this.#heldBytes -= frame.data.length;
      this.#reader(frame);
    }
    this.#reading.resume("held");
  }

  /** Holds everything to come. */
  hold(): void {
    this.#reader = undefined;
  }

  #receive(frame: Received): void {
    if (this.#reader !== undefined) {
      this.#reader(frame);
      return;
    }
    this.#heldBytes += frame.data.length;
    if (this.#held.push(frame) >= MAX_FRAMES || this.#heldBytes >= MAX_BYTES) this.#reading.pause("held");
  }
}
