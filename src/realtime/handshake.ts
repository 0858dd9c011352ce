// The handshake of a Socket.IO client: what it asks for, and nothing secret left behind.

import type { AdmissionRequest } from "../connection/admission-request.ts";
import { plainAddress, type Query, queryOf, tokenOf } from "../connection/request.ts";
import { type ConnectionTraits, SOCKET_IO_TRAITS } from "../connection/traits.ts";
import type { Namespace } from "../contract/namespaces.ts";
import type { AnySocket } from "./types.ts";

const TRAITS: Record<Namespace, ConnectionTraits> = {
  "/dashboard": { ...SOCKET_IO_TRAITS, limit: "dashboard", subscribes: [] },
  "/channels": { ...SOCKET_IO_TRAITS, limit: "channels", subscribes: ["messages"] },
  "/study-time": { ...SOCKET_IO_TRAITS, limit: "study-time", subscribes: [], queryUser: "user" },
};

/** What a handshake asks for. */
export function requestOf(socket: AnySocket): AdmissionRequest {
  const { handshake } = socket;
  const namespace = socket.nsp.name as Namespace;
  const auth: Readonly<Record<string, unknown>> = handshake.auth;
  const query = queryOf(handshake.url);
  return {
    namespace,
    traits: TRAITS[namespace],
    connection: socket.id,
    token: tokenIn(auth["token"], handshake.headers.authorization, query),
    query,
    auth,
    address: plainAddress(handshake.address),
  };
}

/** The token comes from `auth.token`, then `Authorization: Bearer`, then the query. An empty one is none. */
function tokenIn(auth: unknown, authorization: string | undefined, query: Query): string | undefined {
  if (auth !== undefined && auth !== null && typeof auth !== "string") return ""; // a token too: a bad one
  return auth || tokenOf(authorization, query);
}

/** Takes token, cookies and query out of the handshake, which the adapter would hand to other nodes. */
export function forgetSecrets(socket: AnySocket): void {
  const { auth, headers } = socket.handshake;
  const { authorization: _authorization, cookie: _cookie, ...plain } = headers;
  const { token: _token, ...rest } = auth;
  Object.assign(socket.handshake, { auth: rest, headers: plain, query: {}, url: socket.handshake.url.split("?")[0] });
}
