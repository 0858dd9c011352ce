// What is kept of an upgrade request: nothing that holds the HTTP machinery in memory.
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { addressOf, pathOf, type Query } from "./request.ts";

/** What Socket.IO makes its handshake of. */
export interface KeptRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly _query: Query;
  readonly connection: { readonly encrypted: boolean; readonly remoteAddress: string };
}

/** The part of a request that is kept for as long as its connection lives, without its secrets: it has been admitted. */
export function keptRequest(request: IncomingMessage, query: Query): KeptRequest {
  const { authorization: _authorization, cookie: _cookie, ...headers } = request.headers;
  const { token: _token, ...plain } = query;
  return { ...undecidedRequest(request, plain), url: pathOf(request.url), headers };
}

/** The same of a request on which each namespace decides for itself. The WebSocket's own headers have done their part. */
export function undecidedRequest(request: IncomingMessage, query: Query): KeptRequest {
  const headers: IncomingHttpHeaders = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (!name.startsWith("sec-websocket-") && name !== "upgrade" && name !== "connection") headers[name] = value;
  }
  return {
    method: request.method ?? "GET",
    url: request.url ?? "/",
    headers,
    _query: query,
    connection: { encrypted: "encrypted" in request.socket, remoteAddress: addressOf(request) },
  };
}
