// Pings of the WebSocket protocol and what their pongs prove: that the client lives, and that it has what was sent before.
import type { WebSocket } from "ws";

interface Awaited {
  readonly ping: number;
  readonly answered: () => void;
}

/**
 * The pings of one connection, numbered in their payload. A pong answers its ping and all before it (RFC 6455, 5.5.3: a client may
 * answer only the latest). Numbers that were never sent are ignored.
 */
export class Pongs {
  readonly #ws: WebSocket;
  #sent = 0;
  #awaited: Awaited[] = [];

  constructor(ws: WebSocket, onPong: () => void) {
    this.#ws = ws;
    ws.on("pong", (payload: Buffer) => {
      onPong();
      this.#answered(Number(payload.toString("latin1")));
    });
  }

  /** Pings now. `answered` is called when the pong comes, if it comes. */
  ping(answered?: () => void): void {
    this.#sent++;
    if (answered !== undefined) this.#awaited.push({ ping: this.#sent, answered });
    this.#ws.ping(String(this.#sent));
  }

  #answered(number: number): void {
    if (!(number <= this.#sent)) return;
    const upTo = this.#awaited.findIndex(({ ping }) => ping > number);
    for (const { answered } of this.#awaited.splice(0, upTo < 0 ? this.#awaited.length : upTo)) answered();
  }
}
