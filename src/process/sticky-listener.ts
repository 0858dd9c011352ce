// Sticky doors: the primary process listens and hands each connection to a worker, that of its session if it has one.
import { createServer, type Socket } from "node:net";
import { setupMaster } from "@socket.io/sticky";
import { type Listening, listen } from "../http/http-server.ts";

/** A connection that has said nothing for so long is closed: which worker it belongs to is in its first bytes. */
const SILENT_MS = 10_000;

/** Listens on every port for the workers. Rejects with the system's error, e.g. EADDRINUSE. */
export function openStickyDoors(host: string, ports: readonly number[]): Promise<Listening> {
  // A plain TCP server: the HTTP is for the workers to read. sticky uses nothing but its `connection` event.
  const door = createServer((socket: Socket) => {
    socket.on("error", () => socket.destroy());
    socket.setTimeout(SILENT_MS, () => socket.destroy());
    socket.once("data", () => socket.setTimeout(0));
  });
  setupMaster(door as Parameters<typeof setupMaster>[0], { loadBalancingMethod: "round-robin" });
  return listen(door, host, ports);
}
