// Draining: every client is told and sent away, study time is saved first.
import { setTimeout as delay } from "node:timers/promises";
import { CLOSE } from "../contract/connection.ts";
import { closeSocket } from "./closing.ts";
import type { AnyNamespace } from "./types.ts";

/** The reason that clients are given. */
const REASON = "服务器维护";

/** A few clients need not be spread: more between two of them than this helps nobody. */
const SLOWEST_PACE_MS = 2;

/**
 * Closes all sockets of these namespaces, spread over at most `overMs`, so that they do not all come back elsewhere in the
 * same moment. What a socket still has to save is saved before it is closed; failures go to `onFault`.
 */
export async function drain(
  namespaces: readonly AnyNamespace[],
  overMs: number,
  onFault: (error: unknown) => void,
): Promise<void> {
  const sockets = namespaces.flatMap((namespace) => [...namespace.sockets.values()]);
  const pace = Math.min(SLOWEST_PACE_MS, overMs / Math.max(1, sockets.length));
  const began = performance.now();
  const saved: Promise<void>[] = [];
  for (const [index, socket] of sockets.entries()) {
    const ahead = began + index * pace - performance.now();
    if (ahead > 20) await delay(ahead);
    const close = () => closeSocket(socket, { code: CLOSE.draining, reason: REASON });
    saved.push(socket.connected ? saveThen(socket.data.beforeDrain, close, onFault) : Promise.resolve());
  }
  await Promise.all(saved);
}

async function saveThen(
  save: (() => Promise<void>) | undefined,
  close: () => void,
  onFault: (error: unknown) => void,
): Promise<void> {
  try {
    await save?.();
  } catch (error) {
    onFault(error);
  }
  close();
}
