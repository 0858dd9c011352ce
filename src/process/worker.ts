// A worker: a node in a process that the primary has started. The primary tells it when to shut down.
import type { Logger } from "pino";
import { createClasswire } from "../app.ts";
import type { Config } from "../config/config.ts";
import { createGracefulShutdown } from "./graceful-shutdown.ts";
import { isIpcMessage, tellPrimary } from "./ipc.ts";
import { announceSessions } from "./sticky-sessions.ts";
import { takeConnections } from "./worker-connections.ts";

/**
 * Starts the node of this worker and tells the primary when it serves.
 * @throws the error of what could not be opened: the database or Redis
 */
export async function serveWorker(config: Config, logger: Logger): Promise<void> {
  const classwire = await createClasswire({ config, logger });
  const shutDown = createGracefulShutdown(classwire, logger);
  process.on("message", (message) => {
    if (!isIpcMessage(message)) return;
    if (message.classwire === "drain") classwire.drain();
    if (message.classwire === "shut-down") shutDown("the primary process", 0);
  });
  process.on("SIGTERM", () => {
    tellPrimary({ classwire: "leaving" }); // the signal was meant for this worker alone
    shutDown("SIGTERM", config.drainDelayMs);
  });
  process.on("SIGINT", () => undefined); // Ctrl-C reaches all processes at once; the primary takes care of it

  // With polling, all requests of a client have to reach the same worker.
  const sticky = config.transports.includes("polling");
  takeConnections(classwire.server, sticky);
  if (sticky) announceSessions(classwire.io.engine);
  tellPrimary({ classwire: "ready" });
}
