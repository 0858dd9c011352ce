// Closing all connections of a draining node: every client is told, study time is saved first.
import { setTimeout as delay } from "node:timers/promises";
import { CLOSE } from "../connection/close-codes.ts";
import { announceClose } from "./closing.ts";
import type { EngineSocket } from "./engine-connection.ts";
import type { AnyNamespace, AnySocket } from "./types.ts";

/** The reason that clients are given. */
const REASON = "服务器维护";
/** The pause between two connections: a few go almost at once, many are spread as far as they may be. */
const PACE_MS = 2;
/** How long clients that poll are given to fetch what they were told. */
const LAST_POLL_MS = 1000;

/**
 * Closes the connections of these namespaces, spread over `overMs` at most, so that they do not all come back elsewhere in
 * the same moment. What a socket still has to save is saved before; failures go to `onFault`. The connection itself is
 * closed, not the namespaces on it: a client that is disconnected from a namespace does not come back by itself.
 */
export async function closeConnections(
  namespaces: readonly AnyNamespace[],
  overMs: number,
  onFault: (error: unknown) => void,
): Promise<void> {
  const connections = new Map<EngineSocket, AnySocket[]>();
  for (const namespace of namespaces) {
    for (const socket of namespace.sockets.values()) {
      connections.set(socket.conn, [...(connections.get(socket.conn) ?? []), socket]);
    }
  }
  const pace = Math.min(PACE_MS, overMs / Math.max(1, connections.size));
  const began = performance.now();
  const gone: Promise<void>[] = [];
  for (const [index, [connection, sockets]] of [...connections].entries()) {
    const ahead = began + index * pace - performance.now();
    if (ahead > 20) await delay(ahead);
    gone.push(closeConnection(connection, sockets, onFault));
  }
  await Promise.all(gone);
}

async function closeConnection(
  connection: EngineSocket,
  sockets: readonly AnySocket[],
  onFault: (error: unknown) => void,
): Promise<void> {
  const saved = await Promise.allSettled(sockets.map((socket) => socket.connected && socket.data.beforeDrain?.()));
  for (const save of saved) if (save.status === "rejected") onFault(save.reason);
  for (const socket of sockets) {
    if (socket.connected) announceClose(socket, { code: CLOSE.draining, reason: REASON });
  }
  if (connection.readyState !== "open") return;
  const closed = new Promise<void>((resolve) => connection.once("close", () => resolve()));
  connection.close();
  await Promise.race([closed, delay(LAST_POLL_MS, undefined, { ref: false })]);
}
