// A worker: a node in a process that the primary has started. The primary tells it when to shut down.
import { setupWorker } from "@socket.io/sticky";
import type { Logger } from "pino";
import type { Server } from "socket.io";
import { createClasswire } from "../app.ts";
import type { Config } from "../config/config.ts";
import { createGracefulShutdown } from "./graceful-shutdown.ts";
import { type FromWorker, isIpcMessage } from "./ipc.ts";
import { announceSessions } from "./sticky-sessions.ts";

/**
 * Starts the node of this worker and tells the primary when it serves.
 * @throws the error of what could not be opened: the database, Redis, a port
 */
export async function serveWorker(config: Config, logger: Logger): Promise<void> {
  const classwire = await createClasswire({ config, logger });
  const shutDown = createGracefulShutdown(classwire, logger);
  process.on("message", (message) => {
    if (!isIpcMessage(message)) return;
    if (message.classwire === "drain") classwire.drain();
    if (message.classwire === "shut-down") shutDown("the primary process", 0);
  });
  process.on("SIGTERM", () => shutDown("SIGTERM", config.drainDelayMs)); // meant for this worker alone
  process.on("SIGINT", () => undefined); // Ctrl-C reaches all processes at once; the primary takes care of it

  // With polling, all requests of a client have to reach the same worker: the primary hands the connections out.
  const sticky = config.transports.includes("polling");
  if (sticky) {
    // sticky uses only these two. Socket.IO's own server would name the HTTP server as well, and close it.
    setupWorker({ httpServer: classwire.server, engine: classwire.io.engine } as unknown as Server);
    announceSessions(classwire.io.engine);
  }
  const urls = sticky ? [] : await classwire.listen();
  process.send?.({ classwire: "ready", urls } satisfies FromWorker);
}
