// Which messages on the channels of the Socket.IO Redis adapter are well-formed.

// The protocol of `@socket.io/redis-adapter` 8 and its emitters (in any language), as its source reads them.

type Fields = Record<string, unknown>;

/** Numbers of the request types (`RequestType` in the adapter). */
export const REQUEST = {
  sockets: 0,
  allRooms: 1,
  join: 2,
  leave: 3,
  disconnect: 4,
  fetch: 5,
  serverSideEmit: 6,
  broadcast: 7,
  clientCount: 8,
  ack: 9,
} as const;

/** Socket.IO packet types that carry an event: EVENT, and BINARY_EVENT as older emitters say. */
const EVENT = 2;
const BINARY_EVENT = 5;

/** Events that would end the connection of every client that hears them: socket.io-parser takes their packets for malformed. */
const RESERVED_FOR_CLIENTS: ReadonlySet<unknown> = new Set([
  ...["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"],
]);
/** Events of a namespace itself: a listener takes what they bring for a socket. */
const RESERVED_FOR_SERVERS: ReadonlySet<unknown> = new Set(["connect", "connection", "new_namespace"]);

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

const isRooms = (value: unknown): boolean =>
  Array.isArray(value) && value.every((room) => typeof room === "string" || typeof room === "number");

const isNone = (value: unknown): value is undefined | null => value === undefined || value === null;

const isText = (value: unknown): value is string => typeof value === "string";

/** What the adapter can make a `Set` of. It reads a text as its characters, and nothing as no room at all. */
const isListOrNone = (value: unknown): boolean =>
  isNone(value) || isText(value) || Array.isArray(value) || ArrayBuffer.isView(value);

const isEventName = (value: unknown): boolean => isText(value) || Number.isFinite(value);

const isEventFor = (reserved: ReadonlySet<unknown>, data: unknown): data is unknown[] =>
  Array.isArray(data) && isEventName(data[0]) && !reserved.has(data[0]);

/** Where a map may stand: PHP and Lua write an empty one as an empty array. */
const isMap = (value: unknown): value is Fields => typeof value === "object" && value !== null;

/** Options of a broadcast from anybody: rooms and exceptions may be missing, which means all and none. */
const isOptions = (value: unknown): value is Fields =>
  isMap(value) && isListOrNone(value["rooms"]) && isListOrNone(value["except"]);

/**
 * Options that choose sockets to be moved or closed. Emitters always write `rooms`, and `[]` means everybody; where it is missing,
 * the plain adapter would move or close everybody, too, for what nobody meant.
 */
const isChoice = (value: unknown): boolean =>
  isFields(value) && (isRooms(value["rooms"]) || isText(value["rooms"])) && isListOrNone(value["except"]);

/** The packet's type as a number: some emitters write it as text. */
const typeOf = ({ type }: Fields): unknown => (isText(type) ? Number(type) : type);

const isPacket = (value: unknown): value is Fields =>
  isFields(value) &&
  (typeOf(value) === EVENT || typeOf(value) === BINARY_EVENT) &&
  isEventFor(RESERVED_FOR_CLIENTS, value["data"]) &&
  (value["nsp"] === undefined || isText(value["nsp"]));

/** A broadcast `[uid, packet, options]`, in the form that the adapter can take; undefined if it is none. */
export const readBroadcast = (value: unknown): unknown[] | undefined => {
  if (!Array.isArray(value)) return undefined;
  const [uid, packet, options]: unknown[] = value;
  if (!isPacket(packet) || !isOptions(options)) return undefined;
  // The encoder itself finds out whether there is binary data; said beforehand, it writes a broken packet. No `id`:
  // nobody here waits for acknowledgements of a plain broadcast.
  const event = { type: EVENT, data: packet["data"], nsp: packet["nsp"] };
  const flags = isMap(options["flags"]) ? options["flags"] : {};
  return [uid, event, { rooms: options["rooms"] ?? [], except: options["except"] ?? [], flags }];
};

/** Whether it is a request that the adapter can act on. */
export const isRequest = (value: unknown): value is Fields => {
  if (!isFields(value)) return false;
  const { type, requestId, opts, rooms, sid, room, data, packet } = value;
  switch (type) {
    case REQUEST.sockets:
      return isText(requestId) && isRooms(rooms);
    case REQUEST.allRooms:
      return isText(requestId);
    case REQUEST.join:
    case REQUEST.leave:
      if (isNone(opts)) return isText(sid) && isText(room);
      return isChoice(opts) && (isRooms(rooms) || (type === REQUEST.join && isText(rooms)));
    case REQUEST.disconnect:
      return isNone(opts) ? isText(sid) : isChoice(opts);
    case REQUEST.fetch:
      return isText(requestId) && isChoice(opts);
    case REQUEST.serverSideEmit:
      return isEventFor(RESERVED_FOR_SERVERS, data);
    case REQUEST.broadcast:
      return isText(requestId) && isPacket(packet) && packet["type"] === EVENT && isOptions(opts);
    default:
      return false;
  }
};

const isSocketInfo = (value: unknown): boolean =>
  isText(value) || (isFields(value) && isText(value["id"]) && isRooms(value["rooms"]));

/** Whether it is an answer to a request. */
export const isResponse = (value: unknown): value is Fields => {
  if (!isFields(value) || !isText(value["requestId"])) return false;
  const { type, clientCount, rooms, sockets } = value;
  if (type === REQUEST.clientCount && !Number.isSafeInteger(clientCount)) return false;
  if (rooms !== undefined && !isRooms(rooms)) return false;
  return sockets === undefined || (Array.isArray(sockets) && sockets.every(isSocketInfo));
};

/**
 * What of a socket's handshake may travel through Redis: `fetchSockets` answers with the whole of it otherwise, and
 * headers, query, URL and `auth` carry tokens.
 */
export const withoutSecrets = (response: string): string => {
  const answer: unknown = JSON.parse(response);
  if (!isFields(answer) || !Array.isArray(answer["sockets"])) return response;
  const sockets = answer["sockets"].filter(isFields).map((socket) => {
    const handshake = isFields(socket["handshake"]) ? socket["handshake"] : {};
    const { time, issued, secure, xdomain, address } = handshake;
    return { ...socket, handshake: { time, issued, secure, xdomain, address, headers: {}, query: {}, auth: {} } };
  });
  return JSON.stringify({ ...answer, sockets });
};
