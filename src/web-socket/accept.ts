// Accepting an upgrade: the answer to a checked request, and the WebSocket that begins with it.
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocket, type WebSocketOptions, type WebSocketReader } from "./web-socket.ts";

/** An open WebSocket. */
export interface Accepted {
  readonly webSocket: WebSocket;
  /** The client reads frames that are compressed with the full window and without context takeover. */
  readonly deflates: boolean;
}

/** Reads a WebSocket until whoever opens it sets another reader, in the same turn of the event loop. */
const NOBODY: WebSocketReader = {
  onMessage: () => undefined,
  onPing: () => undefined,
  onPong: () => undefined,
  onFault: () => undefined,
  onClose: () => undefined,
};
/** RFC 6455, 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const SMALLER_WINDOW = /; server_max_window_bits=(?!15)\d+/;
const NO_TAKEOVER = ["server_no_context_takeover", "client_no_context_takeover"];

/**
 * Answers a request that `prepareHandshake` has found right, and which holds at most one offer. Neither side keeps its window of
 * compression from one message to the next: a frame then means the same to everyone, and is compressed once for all.
 * @returns undefined where the client has gone meanwhile
 */
export function acceptUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  options: Omit<WebSocketOptions, "inflates">,
): Accepted | undefined {
  if (!socket.readable || !socket.writable) {
    socket.destroy();
    return undefined;
  }
  const { headers } = request;
  const offer = headers["sec-websocket-extensions"];
  const accept = createHash("sha1").update(`${headers["sec-websocket-key"]}${GUID}`).digest("base64");
  // A browser that asks for subprotocols fails where none is chosen; they mean nothing here.
  const [subprotocol] = headers["sec-websocket-protocol"]?.split(",") ?? [];
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept}`,
    ...(subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocol.trim()}`]),
    ...(offer === undefined ? [] : [`Sec-WebSocket-Extensions: ${agreedOn(offer)}`]),
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  if ("setNoDelay" in socket) {
    const tcp = socket as Socket;
    tcp.setTimeout(0);
    tcp.setNoDelay();
  }
  const webSocket = new WebSocket(socket, head, NOBODY, { ...options, inflates: offer !== undefined });
  return { webSocket, deflates: offer !== undefined && !SMALLER_WINDOW.test(offer) };
}

/** The answer to an offer: what it asked for, but for hints without a value, and that nothing is taken over. */
function agreedOn(offer: string): string {
  const asked = offer.split("; ").filter((parameter) => parameter !== "client_max_window_bits");
  return [...asked, ...NO_TAKEOVER.filter((parameter) => !asked.includes(parameter))].join("; ");
}
