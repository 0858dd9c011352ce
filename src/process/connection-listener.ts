// The listeners of a primary process: they accept the connections of all workers, and with polling find out whose session each is.
import { createServer, type Server, type Socket } from "node:net";
import { type Listeners, listen } from "../http/http-server.ts";
import type { Connection } from "./connection-distributor.ts";

/** A connection whose first line is not there within this time, in milliseconds, is closed: it says whose the connection is. */
const FIRST_LINE_TIMEOUT_MS = 10_000;
/** A longer first line, in bytes, is for a worker to refuse. */
const MAX_FIRST_LINE_BYTES = 16_384;
const SESSION = /[?&]sid=([\w-]+)/;
const LINE_FEED = 10;

/**
 * Listens on every port and passes the connections on, stopped: nothing more is read from them here.
 * @param sticky the connections' sessions are to be known: each is read up to the end of its first line
 * @throws the system's error, e.g. EADDRINUSE
 */
export async function openConnectionListeners(
  address: { readonly host: string; readonly ports: readonly number[]; readonly backlog: number },
  sticky: boolean,
  onConnection: (connection: Connection) => void,
): Promise<Listeners> {
  // With so low a mark a socket stops reading as soon as there is anything that nobody has taken.
  const options = { highWaterMark: 1, pauseOnConnect: !sticky };
  const server: Server = createServer(options, (socket) => {
    if (sticky) readFirstLine(socket, onConnection);
    else onConnection({ socket, head: new Uint8Array() });
  });
  return listen(server, address.host, address.ports, address.backlog, options);
}

function readFirstLine(socket: Socket, onConnection: (connection: Connection) => void): void {
  const chunks: Buffer[] = [];
  let length = 0;
  const fail = () => socket.destroy();
  const timer = setTimeout(fail, FIRST_LINE_TIMEOUT_MS);
  const stop = () => clearTimeout(timer);
  const read = (chunk: Buffer): void => {
    chunks.push(chunk);
    length += chunk.length;
    if (!chunk.includes(LINE_FEED) && length < MAX_FIRST_LINE_BYTES) return;
    socket.off("data", read).off("close", stop).off("error", fail);
    stop();
    // A socket goes on reading while it is paused, until its buffer is full: this fills it.
    socket.pause().unshift(chunk);
    const head = Buffer.concat(chunks);
    process.nextTick(() => onConnection({ socket, head, session: sessionOf(head) })); // when it has stopped
  };
  socket.on("data", read).on("close", stop).on("error", fail);
}

function sessionOf(head: Buffer): string | undefined {
  const end = head.indexOf(LINE_FEED);
  return SESSION.exec(head.toString("latin1", 0, end < 0 ? head.length : end))?.[1];
}
