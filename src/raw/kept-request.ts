// What is kept of an upgrade request: nothing secret, and nothing that holds the HTTP machinery in memory.
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { addressOf, pathOf, type Query } from "../connection/request.ts";

/** What Socket.IO makes its handshake of. */
export interface KeptRequest {
  readonly method: string;
  /** The path without its query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The query without its token. */
  readonly _query: Query;
  readonly connection: { readonly encrypted: boolean; readonly remoteAddress: string };
}

/** The part of a request that is kept for as long as its connection lives. */
export function keptRequest(request: IncomingMessage, query: Query): KeptRequest {
  const { authorization: _authorization, cookie: _cookie, ...headers } = request.headers;
  const { token: _token, ...plain } = query;
  return {
    method: request.method ?? "GET",
    url: pathOf(request.url),
    headers,
    _query: plain,
    connection: { encrypted: "encrypted" in request.socket, remoteAddress: addressOf(request) },
  };
}
