// The WebSocket handshake: from an upgrade request to an open WebSocket, and whether its client reads compressed frames.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { Reading } from "../connection/reading.ts";
import { ReceiveBuffer } from "./receive-buffer.ts";

/** An open WebSocket. */
export interface Opened {
  readonly ws: WebSocket;
  /** What `ws` runs over. */
  readonly socket: Duplex;
  readonly reading: Reading;
  /** Holds what the client sends. */
  readonly receiveBuffer: ReceiveBuffer;
  /** The client reads frames that are compressed with the full window and without context takeover. */
  readonly compresses: boolean;
}

/** The largest message, in bytes, of a client that is opened before anybody knows who it is; room for a token of any size. */
const UNAUTHENTICATED_MESSAGE_BYTES = 16_384;

/** Opens WebSockets. */
export class Handshake {
  readonly #admitted: WebSocketServer;
  readonly #unauthenticated: WebSocketServer;
  #compresses = false;

  /**
   * @param maxMessageBytes larger messages close with 1009
   * @param closeTimeoutMs how long the client may take to answer a close frame
   */
  constructor(maxMessageBytes: number, closeTimeoutMs: number) {
    this.#admitted = this.#server(maxMessageBytes, closeTimeoutMs);
    this.#unauthenticated = this.#server(Math.min(maxMessageBytes, UNAUTHENTICATED_MESSAGE_BYTES), closeTimeoutMs);
  }

  /**
   * Opens the WebSocket, or answers why not (ws does) and returns undefined.
   * @param isUnauthenticated it has not been admitted yet: its messages must be small, for as long as it lives
   */
  open(request: IncomingMessage, socket: Duplex, head: Buffer, isUnauthenticated: boolean): Opened | undefined {
    const server = isUnauthenticated ? this.#unauthenticated : this.#admitted;
    let opened: Opened | undefined;
    this.#compresses = false;
    server.handleUpgrade(request, socket, head, (ws) => {
      ws.on("error", ignore);
      const reading = new Reading(ws, socket);
      opened = { ws, socket, reading, receiveBuffer: new ReceiveBuffer(ws, reading), compresses: this.#compresses };
    });
    return opened;
  }

  #server(maxPayload: number, closeTimeout: number): WebSocketServer {
    const options = {
      noServer: true,
      clientTracking: false,
      maxPayload,
      closeTimeout,
      // Without context takeover a frame means the same to everyone, so it is compressed once for all (frame.ts). ws itself is
      // only ever asked for control frames, which it neither compresses nor queues, so the two never get into each other's way.
      perMessageDeflate: { serverNoContextTakeover: true, clientNoContextTakeover: true },
    };
    const server = new WebSocketServer(options);
    server.on("headers", (headers) => {
      const agreed = headers.find((line) => /^sec-websocket-extensions:/i.test(line)) ?? "";
      // A smaller window than the usual was asked for: such a client gets plain frames.
      this.#compresses = agreed.includes("permessage-deflate") && !agreed.includes("server_max_window_bits");
    });
    return server;
  }
}

/** ws closes the connection itself after an error and says so with `close`. */
function ignore(): void {}
