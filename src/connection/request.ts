// What is read off a request, the same for Socket.IO, raw WebSockets and the HTTP API: path, query, token and address.
import type { IncomingMessage } from "node:http";

/** Says to whoever calls this node by another name what is wrong. */
export const HOST_NOT_ALLOWED = "the name in Host is not allowed here: it must be one of ALLOWED_HOSTS";

/** Query parameters; one that was given twice is an array. Has no prototype, so that no parameter's name means anything. */
export type Query = Record<string, string | string[] | undefined>;

/** The path of a request target. */
export function pathOf(target: string | undefined): string {
  const [path = ""] = (target ?? "").split("?", 1);
  return path;
}

/** The query of a request target. */
export function queryOf(target: string | undefined): Query {
  const query: Query = Object.create(null);
  const start = (target ?? "").indexOf("?");
  if (start < 0) return query;
  for (const [name, value] of new URLSearchParams((target ?? "").slice(start + 1))) {
    const before = query[name];
    query[name] = before === undefined ? value : [before, value].flat();
  }
  return query;
}

const SCHEME = "bearer ";

/**
 * The token of an `Authorization: Bearer` header (RFC 6750, 2.1; the scheme's case does not matter), or undefined where there is
 * none of that form. Takes time in proportion to the header's length: it is read before anybody knows who sends it.
 */
export function bearerOf(authorization: string | undefined): string | undefined {
  if (authorization?.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return undefined;
  const token = authorization.slice(SCHEME.length).trim();
  return token === "" || token.includes(" ") || token.includes("\t") ? undefined : token;
}

/** The token of a request: `Authorization: Bearer`, then the query. An empty one is none. */
export function tokenOf(authorization: string | undefined, query: Query): string | undefined {
  const token = bearerOf(authorization) ?? query["token"];
  return typeof token === "string" && token !== "" ? token : undefined;
}

/**
 * The peer's address: of the connection itself, never what a header claims. An IPv4 one has its own form also where the server
 * listens on IPv6 (`::ffff:10.0.0.1`, RFC 4291, 2.5.5.2), so that one address has one budget.
 */
export function addressOf(request: Pick<IncomingMessage, "socket">): string {
  return plainAddress(request.socket.remoteAddress);
}

/** An address as {@link addressOf} writes it. */
export function plainAddress(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:(?=\d+\.)/i, "");
}
