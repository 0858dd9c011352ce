// Refusing a connection: over HTTP before the upgrade, or with its dialect's error frame after it.
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { ERRORS, type Failure } from "../contract/errors.ts";
import { textFrame } from "../web-socket/frame.ts";
import { closingFor } from "./close-frame.ts";
import type { Dialect } from "./codec.ts";
import type { Opened } from "./handshake.ts";

/** After how many milliseconds a refused client should try again when nobody knows better. */
const RETRY_AFTER_MS = 5000;
/** How long the peer may take to read an HTTP answer and hang up, in milliseconds. */
const HANG_UP_MS = 2000;

/** True when the refusal is an HTTP answer; otherwise the connection must be opened for its error frame. */
export function isRefusedByHttp(dialect: Dialect, failure: Failure): boolean {
  if (failure.code === "SERVER_ERROR") return true;
  if (failure.code === "RATE_LIMIT") return dialect.lingers !== true;
  return dialect.refusal !== "frame";
}

/** Refuses before the upgrade: 429 and 503 with `Retry-After`, else 401. */
export function refuseByHttp(socket: Duplex, dialect: Dialect, failure: Failure, token: string | undefined): void {
  const { refusal, codec } = dialect;
  const body = refusal === "frame" ? codec.error(failure, Date.now()) : refusal(failure, token);
  const retry = failure.code === "RATE_LIMIT" || failure.code === "SERVER_ERROR";
  const status = retry ? ERRORS[failure.code].status : 401;
  answerHttp(socket, status, body, retry ? retryAfter(failure.retryAfterMs ?? RETRY_AFTER_MS) : {});
}

/** Refuses an open WebSocket: the error frame, and the close frame; after `lingerMs` where the dialect lingers. */
export function refuseByFrame(
  { webSocket, early }: Opened,
  dialect: Dialect,
  failure: Failure,
  lingerMs: number,
): void {
  const { code, reason } = closingFor(failure);
  const close = () => webSocket.close(code, reason);
  if (webSocket.state !== "open") return;
  webSocket.socket.write(textFrame(dialect.codec.error(failure, Date.now())));
  if (failure.code !== "RATE_LIMIT" || dialect.lingers !== true) {
    close();
    return;
  }
  const timer = setTimeout(close, lingerMs);
  early.onGone = () => clearTimeout(timer);
}

/** The header that says when to come again. */
export function retryAfter(ms: number): Readonly<Record<string, string>> {
  return { "Retry-After": String(Math.max(1, Math.ceil(ms / 1000))) };
}

/** Answers `status` with a JSON body and further headers, and closes. Safe on a socket that is gone already. */
export function answerHttp(
  socket: Duplex,
  status: number,
  body: string,
  further: Readonly<Record<string, string>> = {},
): void {
  if (socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const headers = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Connection: ${"Upgrade" in further ? "Upgrade, close" : "close"}`, // RFC 9110, 7.8
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries(further).map(([name, value]) => `${name}: ${value}`),
  ];
  // What the client has still sent is read and dropped: closing over unread bytes would reset the connection under the answer.
  socket.resume();
  socket.end(`${headers.join("\r\n")}\r\n\r\n${body}`);
  const timer = setTimeout(() => socket.destroy(), HANG_UP_MS);
  socket.once("close", () => clearTimeout(timer));
  socket.once("end", () => socket.destroy());
}
