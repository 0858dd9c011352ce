// The messages between the primary process and its workers.

/** The command-line argument that makes a process a worker of ours: a worker of another program's cluster (pm2) has none. */
export const WORKER = "worker";

/**
 * From a worker to the primary.
 * - `ready`: the worker serves
 * - `leaving`: the worker has been told to end by itself; it wants no new connections, its sessions stay
 * - `taken`: the worker has the connection `id` and is about to read from it
 * - `pong`: the answer to `ping`
 * - `session-created`: a client is about to be told of this session, and the worker waits for `session-known`
 * - `session-ended`: nobody comes for this session any more
 */
export type FromWorker =
  | { readonly classwire: "ready" | "leaving" }
  | { readonly classwire: "taken"; readonly id: number }
  | { readonly classwire: "pong"; readonly upTo: number }
  | { readonly classwire: "session-created" | "session-ended"; readonly session: string };

/**
 * From the primary to a worker.
 * - `drain`: admit no new clients
 * - `shut-down`: close all connections and end
 * - `connection`: a socket comes with it, of which the primary has read `head`
 * - `ping`: asks for a `pong`; no connection after the one with the id `upTo` has been handed over before
 * - `session-known`: the primary knows that this session belongs to the worker
 */
export type ToWorker =
  | { readonly classwire: "drain" | "shut-down" }
  | { readonly classwire: "connection"; readonly id: number; readonly head: Uint8Array }
  | { readonly classwire: "ping"; readonly upTo: number }
  | { readonly classwire: "session-known"; readonly session: string };

/** Whether a message is one of this protocol. The other side is this same program, so its fields are not checked. */
export function isIpcMessage(message: unknown): message is FromWorker | ToWorker {
  return typeof message === "object" && message !== null && "classwire" in message;
}

/**
 * Tells the primary, from a worker. A primary that is gone hears nothing: then the worker ends as well.
 * @param written called when the message is on its way, with an error when it never will be
 */
export function tellPrimary(message: FromWorker, written: (error: Error | null) => void = () => undefined): void {
  process.send?.(message, undefined, undefined, written);
}
