// Requests that offer to go on in HTTP/2 (`Upgrade: h2c`), as Java's HttpClient does with every plain one: they are ordinary requests.
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

/** The offer and what belongs to it (RFC 7540, 3.2). */
const OFFER = /^(upgrade|connection|http2-settings)$/i;

/** True when the request offers HTTP/2, which a server may ignore (RFC 9110, 7.8). */
export function offersHttp2({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === "h2c";
}

/**
 * Has the server answer the request as if the offer had not been made. Node treats every request with an `Upgrade` header as one
 * to upgrade as soon as anybody listens for those, and has stopped parsing: so the request is put back in front of its body
 * without the offer, and its connection is handed to the server once more.
 */
export function continueAsHttp(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const [name = "", value = ""] = request.rawHeaders.slice(at, at + 2);
    if (!OFFER.test(name)) lines.push(`${name}: ${value}`);
  }
  // Node reads and writes header fields as latin1.
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), head]));
  server.emit("connection", socket);
}
