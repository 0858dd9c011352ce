// What the primary process and its workers tell each other, beside what @socket.io/sticky sends.

/** The argument that makes a process a worker: one of another program's cluster (pm2) is none. */
export const WORKER = "worker";

/** From a worker: it serves (`urls` are empty where the primary listens itself); it is about to tell a client of its session. */
export type FromWorker =
  | { readonly classwire: "serving"; readonly urls: readonly string[] }
  | { readonly classwire: "bind"; readonly session: string };
/** To a worker: take no one in any more; send everyone away and end; what the worker said of the session was heard. */
export type ToWorker =
  | { readonly classwire: "drain" | "stop" }
  | { readonly classwire: "bound"; readonly session: string };

/** True for messages of this protocol; the other side is this program, so nothing more is checked. */
export function isOurs(message: unknown): message is FromWorker | ToWorker {
  return typeof message === "object" && message !== null && "classwire" in message;
}
