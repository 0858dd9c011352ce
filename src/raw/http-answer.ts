// Plain HTTP answers on a socket that asked for an upgrade and does not get it.
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** How long the peer may take to read the answer and hang up. */
const HANG_UP_MS = 2000;

/** Answers `status` with a JSON body and closes. Safe on a socket that is gone already. */
export function answerHttp(socket: Duplex, status: number, body: string, retryAfterMs?: number): void {
  if (socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const headers = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(retryAfterMs === undefined ? [] : [`Retry-After: ${Math.max(1, Math.ceil(retryAfterMs / 1000))}`]),
  ];
  // What the client has still sent is read and dropped: closing over unread bytes would reset the connection under the answer.
  socket.resume();
  socket.end(`${headers.join("\r\n")}\r\n\r\n${body}`);
  const timer = setTimeout(() => socket.destroy(), HANG_UP_MS);
  socket.once("close", () => clearTimeout(timer));
  socket.once("end", () => socket.destroy());
}
