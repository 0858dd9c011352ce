// The handshake of a Socket.IO client: what it asks for, and nothing secret left behind.
import {
  type AdmissionRequest,
  type ConnectionTraits,
  type Namespace,
  SOCKET_IO_TRAITS,
} from "../connection/traits.ts";
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
    token: tokenOf(auth["token"], handshake.headers.authorization, query["token"]),
    query,
    auth,
    address: handshake.address,
  };
}

/** The token comes from `auth.token`, then `Authorization: Bearer`, then the query. An empty one is none. */
function tokenOf(given: unknown, authorization: string | undefined, inQuery: unknown): string | undefined {
  if (given !== undefined && given !== null && typeof given !== "string") return ""; // a token too: a bad one
  const bearer = /^Bearer +(.+?) *$/i.exec(authorization ?? "")?.[1];
  const token = given || bearer || inQuery;
  return typeof token === "string" && token !== "" ? token : undefined;
}

/** The query of a URL; a parameter that was given twice is an array. */
export function queryOf(url: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.create(null);
  const start = url.indexOf("?");
  if (start < 0) return query;
  const parameters = new URLSearchParams(url.slice(start + 1));
  for (const name of new Set(parameters.keys())) {
    const [first = "", ...more] = parameters.getAll(name);
    query[name] = more.length === 0 ? first : [first, ...more];
  }
  return query;
}

/** Takes token, cookies and query out of the handshake, which the adapter would hand to other nodes. */
export function forgetSecrets(socket: AnySocket): void {
  const { auth, headers } = socket.handshake;
  const { authorization: _authorization, cookie: _cookie, ...plain } = headers;
  const { token: _token, ...rest } = auth;
  Object.assign(socket.handshake, { auth: rest, headers: plain, query: {}, url: socket.handshake.url.split("?")[0] });
}
