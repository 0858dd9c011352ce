// Reading a socket in slices: what comes at once is handed on piece by piece, a turn of the event loop apart.
import type { Duplex } from "node:stream";

/**
 * A socket's reads arrive in pieces of 64 KB, which can be thousands of small frames: they would all be handled before anybody
 * else is, and before whoever sends too much can be made to wait. Waiting pieces stay here, at most what was read at once.
 */
export interface SlicedReads {
  /** The bytes that are handed on first; each further piece of the same read is twice as large, for the sake of long messages. */
  readonly size: number;
  /** The most bytes that are handed on in one turn. */
  most: number;
}

interface Slices extends SlicedReads {
  /** What was read and is not handed on, `null` being the end; most sockets never have anything here. */
  waiting: (Buffer | null)[] | undefined;
  /** The size of the next piece. */
  next: number;
  isDue: boolean;
}

/** Slices what the socket reads from now on. */
export function sliceReads(socket: Duplex, size: number, most: number): SlicedReads {
  const { push, _read: read } = socket;
  const slices: Slices = { size, most, waiting: undefined, next: size, isDue: false };
  // What implementers of a stream are given: the system's reads come by `push`, and `_read` asks for more.
  socket.push = (chunk: Buffer | null): boolean => {
    const { waiting } = slices;
    if (waiting !== undefined) waiting.push(chunk);
    else if (chunk === null || chunk.length <= size) return push.call(socket, chunk);
    else {
      slices.waiting = [chunk];
      push.call(socket, nextPiece(slices));
    }
    return false; // nothing more is read from the system until `_read` is called
  };
  socket._read = (bytes) => {
    if (slices.waiting === undefined) {
      read.call(socket, bytes);
      return;
    }
    if (slices.isDue) return;
    slices.isDue = true;
    setImmediate(() => {
      slices.isDue = false;
      if (socket.destroyed) slices.waiting = undefined;
      else push.call(socket, nextPiece(slices));
    });
  };
  return slices;
}

/** Takes the next piece off what waits. */
function nextPiece(slices: Slices): Buffer | null {
  const { waiting = [] } = slices;
  const size = Math.min(slices.next, slices.most);
  slices.next = 2 * size;
  const [first = null] = waiting;
  if (first === null || first.length <= size) waiting.shift();
  else waiting[0] = first.subarray(size);
  if (waiting.length === 0) {
    slices.waiting = undefined;
    slices.next = slices.size;
  }
  return first === null ? null : first.subarray(0, size);
}
