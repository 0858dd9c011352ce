// An upgrade request, reduced to what is needed later: nothing secret, and nothing that keeps the HTTP machinery in memory.
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/** Query parameters; one that was given twice is an array. */
export type Query = Record<string, string | string[] | undefined>;

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

/** The path of a request target. */
export function pathOf(url: string | undefined): string {
  const target = url ?? "";
  const end = target.indexOf("?");
  return end < 0 ? target : target.slice(0, end);
}

/** The query of a request target. Has no prototype, so that no parameter's name means anything. */
export function queryOf(url: string | undefined): Query {
  const query: Query = Object.create(null);
  const target = url ?? "";
  const start = target.indexOf("?");
  if (start < 0) return query;
  for (const [name, value] of new URLSearchParams(target.slice(start + 1))) {
    const before = query[name];
    query[name] = before === undefined ? value : [before, value].flat();
  }
  return query;
}

/** The token: `Authorization: Bearer`, then the query. An empty one is none. */
export function tokenOf(headers: IncomingHttpHeaders, query: Query): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? "")?.[1];
  const token = bearer ?? query["token"];
  return typeof token === "string" && token !== "" ? token : undefined;
}

/** What is kept of a request for as long as its connection lives. */
export function keep(request: IncomingMessage, query: Query): KeptRequest {
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

/** The peer's address. */
export function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? "";
}
