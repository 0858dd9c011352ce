// What is to be done when a socket goes: one listener for all of it, since every listener of its own is three more objects.
import type { AnySocket } from "./types.ts";

/** Something that ends with a socket. */
export interface Ending {
  /** The socket has left its namespace. `reason` is Socket.IO's. Must not throw. */
  ended(reason: string): void;
}

/** Where they are kept: with the socket's data, under a name that no message to another node takes along. */
const ENDINGS = Symbol("endings");

type Endable = AnySocket["data"] & { [ENDINGS]?: Ending[] };

/** Tells `ending` when the socket goes, after what was added before it. A socket that has gone already tells nobody. */
export function onEnd(socket: AnySocket, ending: Ending): void {
  const data: Endable = socket.data;
  if (data[ENDINGS] === undefined) {
    data[ENDINGS] = [];
    socket.on("disconnect", endAll);
  }
  data[ENDINGS].push(ending);
}

/** A listener of a socket, which is `this`. */
function endAll(this: AnySocket, reason: string): void {
  const data: Endable = this.data;
  for (const ending of data[ENDINGS] ?? []) ending.ended(reason);
}
