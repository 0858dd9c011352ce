// Reading a socket in slices: what comes at once is handed on piece by piece, a turn of the event loop apart.
import type { Duplex } from "node:stream";

/**
 * A socket's reads arrive in pieces of 64 KB, which can be thousands of small frames: they would all be handled before anybody
 * else is, and before whoever sends too much can be made to wait. Waiting pieces stay here, at most what was read at once.
 */
export interface SlicedReads {
  /** The most bytes that are handed on in one turn. */
  size: number;
}

/** Slices what the socket reads from now on. */
export function sliceReads(socket: Duplex, size: number): SlicedReads {
  const slices: SlicedReads = { size };
  const push = socket.push.bind(socket);
  const read = socket._read.bind(socket);
  /** What was read and is not handed on; `null` stands for the end. */
  let waiting: (Buffer | null)[] = [];
  let isDue = false;

  const next = (): boolean => {
    const [first] = waiting;
    if (first === undefined) return true;
    if (first === null || first.length <= slices.size) waiting.shift();
    else waiting[0] = first.subarray(slices.size);
    return push(first?.subarray(0, slices.size) ?? null);
  };

  // What implementers of a stream are given: the system's reads come by `push`, and `_read` asks for more.
  socket.push = (chunk: Buffer | null): boolean => {
    if (waiting.length === 0 && (chunk === null || chunk.length <= slices.size)) return push(chunk);
    waiting.push(chunk);
    if (waiting.length === 1) next();
    return false; // nothing more is read from the system until `_read` is called
  };
  socket._read = (bytes) => {
    if (waiting.length === 0) {
      read(bytes);
      return;
    }
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      if (socket.destroyed) waiting = [];
      else next();
    });
  };
  return slices;
}
