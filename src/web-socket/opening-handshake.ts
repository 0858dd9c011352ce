// What an upgrade request must be to become a WebSocket (RFC 6455, 4.2.1), looked at before anything is spent on it.
import type { IncomingMessage } from "node:http";
import { chooseOffer } from "./extension-offers.ts";

/** Why a request cannot become a WebSocket: an HTTP answer. */
export interface HandshakeProblem {
  readonly status: 400 | 405 | 426;
  readonly error: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const VERSION = "13";
/** 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/**
 * Why the request cannot become a WebSocket; undefined where it can. Leaves in its headers what `ws` is to read: `websocket` of
 * several protocols in `Upgrade`, and of several extensions the offer that is taken, so that one offer that cannot be taken is
 * declined and not the connection.
 */
export function prepareHandshake(request: IncomingMessage): HandshakeProblem | undefined {
  return problemOfRequest(request) ?? problemOfVersion(request) ?? problemOfOffers(request);
}

function problemOfRequest(request: IncomingMessage): HandshakeProblem | undefined {
  const { method, headers, httpVersionMajor, httpVersionMinor } = request;
  if (method !== "GET") return { status: 405, error: "the method must be GET", headers: { Allow: "GET" } };
  if (httpVersionMajor < 1 || (httpVersionMajor === 1 && httpVersionMinor < 1))
    return bad("HTTP must be 1.1 or higher");
  if (count(request, "host") !== 1) return bad("Host must be given once");
  // What follows the headers would be read as frames.
  if (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0) {
    return bad("an upgrade request must not have a body");
  }
  const protocols = (headers.upgrade ?? "").split(",").map((protocol) => protocol.trim().toLowerCase());
  if (!protocols.includes("websocket")) return bad("Upgrade must be websocket");
  headers.upgrade = "websocket";
  return undefined;
}

function problemOfVersion(request: IncomingMessage): HandshakeProblem | undefined {
  const { headers } = request;
  const version = headers["sec-websocket-version"];
  if (version === undefined || count(request, "sec-websocket-version") !== 1) {
    return bad("Sec-WebSocket-Version must be given once");
  }
  if (version !== VERSION) {
    const upgrade = { Upgrade: "websocket", "Sec-WebSocket-Version": VERSION };
    return { status: 426, error: `Sec-WebSocket-Version must be ${VERSION}`, headers: upgrade };
  }
  // One that is given twice has been joined by a comma.
  if (!KEY.test(headers["sec-websocket-key"] ?? "")) return bad("Sec-WebSocket-Key must be 16 bytes in base64");
  return undefined;
}

function problemOfOffers({ headers }: IncomingMessage): HandshakeProblem | undefined {
  const subprotocols = headers["sec-websocket-protocol"];
  if (subprotocols !== undefined) {
    const names = subprotocols.split(",").map((name) => name.trim());
    if (!names.every((name) => TOKEN.test(name))) return bad("Sec-WebSocket-Protocol must be a list of names");
    if (new Set(names).size < names.length) return bad("Sec-WebSocket-Protocol must name each subprotocol once");
  }
  const extensions = headers["sec-websocket-extensions"];
  if (extensions === undefined) return undefined;
  const choice = chooseOffer(extensions);
  if (choice === "malformed") return bad("Sec-WebSocket-Extensions must be a list of extensions");
  if (choice.offer === undefined) delete headers["sec-websocket-extensions"];
  else headers["sec-websocket-extensions"] = choice.offer;
  return undefined;
}

/** How often a header was sent. Node keeps the first of some, and joins others. */
function count({ rawHeaders }: IncomingMessage, name: string): number {
  return rawHeaders.filter((header, index) => index % 2 === 0 && header.toLowerCase() === name).length;
}

function bad(error: string): HandshakeProblem {
  return { status: 400, error };
}
