// The handshake of a Socket.IO client: what it asks for, and nothing secret left behind.
import type { Socket } from "socket.io";
import {
  type AdmissionRequest,
  type ConnectionTraits,
  type Namespace,
  SOCKET_IO_TRAITS,
} from "../contract/connection.ts";

const TRAITS: Record<Namespace, ConnectionTraits> = {
  "/dashboard": { ...SOCKET_IO_TRAITS, place: "dashboard", subscribes: [] },
  "/channels": { ...SOCKET_IO_TRAITS, place: "channels", subscribes: ["messages"] },
  "/study-time": { ...SOCKET_IO_TRAITS, place: "study-time", subscribes: [], queryUser: "user" },
};

/** What a handshake asks for. The token comes from `auth.token`, then `Authorization: Bearer`, then the query. */
export function requestOf(socket: Socket): AdmissionRequest {
  const { handshake } = socket;
  const namespace = socket.nsp.name as Namespace;
  const auth: Record<string, unknown> = typeof handshake.auth === "object" ? handshake.auth : {};
  const query = queryOf(handshake.url);
  const bearer = /^Bearer (.+)$/i.exec(handshake.headers.authorization ?? "")?.[1];
  const inQuery = query["token"];
  const token = auth["token"] ?? bearer ?? (Array.isArray(inQuery) ? undefined : inQuery);
  return {
    namespace,
    traits: TRAITS[namespace],
    connection: socket.id,
    // Anything but a string is a token too: a bad one.
    token: token === undefined || token === null ? undefined : typeof token === "string" ? token : "",
    query,
    auth,
    address: handshake.address,
  };
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
export function forgetSecrets(socket: Socket): void {
  const { auth, headers } = socket.handshake;
  const { authorization: _authorization, cookie: _cookie, ...plain } = headers;
  const { token: _token, ...rest } = typeof auth === "object" ? auth : {};
  Object.assign(socket.handshake, { auth: rest, headers: plain, query: {}, url: socket.handshake.url.split("?")[0] });
}
