// Sticky listeners: the primary accepts each connection and hands it to a worker, that of its session if it has one.
import { createServer, type Socket } from "node:net";
import { setupMaster } from "@socket.io/sticky";
import { type Listeners, listen } from "../http/http-server.ts";
import type { HandedOver } from "./handed-over.ts";

/** A connection that sends nothing within this time, in milliseconds, is closed: its first bytes say whose it is. */
const FIRST_BYTES_TIMEOUT_MS = 10_000;

/**
 * Listens on every port and spreads the connections over the workers of this cluster.
 * @throws the system's error, e.g. EADDRINUSE
 */
export function openStickyListeners(
  host: string,
  ports: readonly number[],
  handedOver: HandedOver,
): Promise<Listeners> {
  // A plain TCP server: the workers read the HTTP. sticky uses nothing but its `connection` event.
  const server = createServer((socket: Socket) => {
    handedOver.accepted(socket);
    socket.on("error", () => socket.destroy());
    socket.setTimeout(FIRST_BYTES_TIMEOUT_MS, () => socket.destroy());
    socket.once("data", () => socket.setTimeout(0));
  });
  setupMaster(server as Parameters<typeof setupMaster>[0], { loadBalancingMethod: "round-robin" });
  return listen(server, host, ports);
}
