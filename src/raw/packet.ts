// Socket.IO packets (protocol 5) as the namespaces write them to a connection, as text, and as they read them from it.
// https://socket.io/docs/v4/socket-io-protocol/
import { DecodedPacket, PACKET_TYPE } from "../connection/decoded-packet.ts";
import type { Namespace } from "../contract/namespaces.ts";
import { type Answer, type ClientMessage, isObject } from "./codec.ts";

/** A packet from a namespace, as far as a raw connection has a use for it. */
export type ServerPacket =
  | { readonly type: "connect" }
  | { readonly type: "disconnect" }
  | { readonly type: "event"; readonly event: string; readonly args: readonly unknown[]; readonly ackId?: number }
  | { readonly type: "connect_error"; readonly code: string; readonly message: string }
  | { readonly type: "other" };

const OTHER: ServerPacket = { type: "other" };

/**
 * Reads a packet. Binary events and everything else that JSON frames cannot carry are `other`.
 * @throws SyntaxError when the text is no packet
 */
export function readPacket(encoded: string): ServerPacket {
  if (!/^[0-4]/.test(encoded)) return OTHER;
  let at = 1;
  if (encoded[at] === "/") {
    const comma = encoded.indexOf(",", at);
    at = comma < 0 ? encoded.length : comma + 1;
  }
  const idAt = at;
  while (isDigit(encoded.charCodeAt(at))) at++;
  const id = at > idAt ? Number(encoded.slice(idAt, at)) : undefined;
  const data: unknown = at < encoded.length ? JSON.parse(encoded.slice(at)) : undefined;
  switch (encoded[0]) {
    case "0":
      return { type: "connect" };
    case "1":
      return { type: "disconnect" };
    case "2":
      return eventOf(data, id);
    case "4":
      return refusalOf(data);
    default:
      return OTHER;
  }
}

/** The packet with which a connection enters its namespace. */
export function connectPacket(namespace: Namespace): string {
  return `0${namespace},{}`;
}

/** The packet of a client's event. `answered` is called with what the namespace answers. */
export function eventPacket(
  namespace: Namespace,
  { event, payload }: ClientMessage,
  answered: (answer: Answer) => void,
): DecodedPacket {
  const data = payload === undefined ? [event, answered] : [event, withoutUndefined(payload), answered];
  return new DecodedPacket(PACKET_TYPE.event, namespace, data);
}

/** With it a refusal comes back here, and not to the client, who has asked for nothing. */
const UNHEARD = (): void => undefined;

/** The `ack` event of a client that sends none: everything in the channel up to `offset` has arrived. */
export function deliveryAckPacket(namespace: Namespace, channel: string, offset: number): DecodedPacket {
  return new DecodedPacket(PACKET_TYPE.event, namespace, ["ack", { channel, offset }, UNHEARD]);
}

/** The answer to an event for which the server asked an ack. */
export function ackPacket(namespace: Namespace, ackId: number): DecodedPacket {
  return new DecodedPacket(PACKET_TYPE.ack, namespace, [], ackId);
}

/** What a codec leaves out is not there, as it would not be in JSON. */
function withoutUndefined(payload: unknown): unknown {
  if (!isObject(payload) || !Object.values(payload).includes(undefined)) return payload;
  return Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
}

function eventOf(data: unknown, ackId: number | undefined): ServerPacket {
  if (!Array.isArray(data)) return OTHER;
  const [event, ...args] = data as unknown[];
  if (typeof event !== "string") return OTHER;
  return ackId === undefined ? { type: "event", event, args } : { type: "event", event, args, ackId };
}

function refusalOf(data: unknown): ServerPacket {
  const error = isObject(data) ? data : {};
  const { code, message } = isObject(error["data"]) ? error["data"] : error;
  return {
    type: "connect_error",
    code: typeof code === "string" ? code : "SERVER_ERROR",
    message: typeof message === "string" ? message : "refused",
  };
}

function isDigit(charCode: number): boolean {
  return charCode >= 48 && charCode <= 57;
}
