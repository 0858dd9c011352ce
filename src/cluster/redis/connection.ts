// One Redis connection that never gives up and never throws from the outside.
import { createClient } from "redis";
import type { Timing } from "./timing.ts";

/** `offlineQueue`: commands wait for the connection (subscriptions), instead of failing at once (everything else). */
export type ConnectionOptions = { url: string; timing: Timing; offlineQueue: boolean };

/**
 * Pauses before the next attempt: doubling up to `reconnectMs`, with jitter so that the nodes of a cluster do not come
 * back in one moment. A number for every cause: node-redis gives up for good on a socket timeout otherwise.
 */
export const reconnectPause = (attempt: number, reconnectMs: number): number =>
  Math.min(50 * 2 ** Math.min(attempt, 10), reconnectMs) * (0.5 + Math.random() / 2);

/** A connection that is not open yet: attach listeners (`error` is a must), then call {@redis start}. */
export const makeConnection = ({ url, timing, offlineQueue }: ConnectionOptions) =>
  createClient({
    url,
    RESP: 3,
    disableOfflineQueue: !offlineQueue,
    disableClientInfo: true,
    maintNotifications: "disabled",
    pingInterval: timing.pingMs,
    // A backstop: what is in pending is bounded elsewhere.
    commandsQueueMaxLength: 200_000,
    // Deadlines are the health's: node-redis only times commands that it has not written yet, with a timer for each.
    commandOptions: { timeout: 0 },
    socket: {
      connectTimeout: timing.socketMs,
      socketTimeout: timing.socketMs,
      reconnectStrategy: (attempt) => reconnectPause(attempt, timing.reconnectMs),
    },
  });

/** One connection of node-redis, as everything here uses it. */
export type Connection = ReturnType<typeof makeConnection>;

/** Opens it and keeps it open. A failure is told to the `error` listeners and followed by the next attempt. */
export const start = (connection: Connection): void => {
  connection.connect().catch((error: unknown) => connection.emit("error", error));
};

/** Has Redis close it, so that node-redis connects anew, with everything that was subscribed, to whoever has the address now. */
export const hangUp = (connection: Connection): void => {
  if (connection.isReady) connection.sendCommand(["QUIT"]).catch(() => undefined);
};

/** Closes it: gracefully within `graceMs`, so that what was sent leaves, else at once. Never rejects. */
export const stop = async (connection: Connection, graceMs = 500): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, connection.isReady ? graceMs : 0);
  });
  const closed = connection.isReady ? connection.close() : late;
  await Promise.race([closed.catch(() => undefined), late]);
  clearTimeout(timer);
  if (connection.isOpen) connection.destroy();
};
