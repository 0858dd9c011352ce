// The messages between the primary process and its workers, beside those of @socket.io/sticky.

/** The command-line argument that makes a process a worker of ours: a worker of another program's cluster (pm2) has none. */
export const WORKER = "worker";

/**
 * From a worker to the primary.
 * - `ready`: the worker serves; `urls` are empty where the primary listens itself
 * - `session-created`: a client is about to be told of this session, and the worker waits for `session-known`
 */
export type FromWorker =
  | { readonly classwire: "ready"; readonly urls: readonly string[] }
  | { readonly classwire: "session-created"; readonly session: string };

/**
 * From the primary to a worker.
 * - `drain`: admit no new clients
 * - `shut-down`: close all connections and end
 * - `session-known`: the primary knows that this session belongs to the worker
 */
export type ToWorker =
  | { readonly classwire: "drain" | "shut-down" }
  | { readonly classwire: "session-known"; readonly session: string };

/** Whether a message is one of this protocol. The other side is this same program, so its fields are not checked. */
export function isIpcMessage(message: unknown): message is FromWorker | ToWorker {
  return typeof message === "object" && message !== null && "classwire" in message;
}
