// A worker: a node in a process that the primary has started. It does not listen to the terminal, but to the primary.
import { setupWorker } from "@socket.io/sticky";
import type { Logger } from "pino";
import type { Server } from "socket.io";
import { createClasswire } from "../app.ts";
import type { Config } from "../config/config.ts";
import { createStop } from "./graceful-shutdown.ts";
import { type FromWorker, isOurs } from "./ipc.ts";
import { announceSessions } from "./sticky-sessions.ts";

/** Starts the node of this worker and tells the primary when it serves. */
export async function serveAsWorker(config: Config, logger: Logger): Promise<void> {
  const classwire = await createClasswire({ config, logger });
  const stop = createStop(classwire, logger);
  process.on("message", (message) => {
    if (!isOurs(message)) return;
    if (message.classwire === "drain") classwire.drain();
    if (message.classwire === "stop") stop("the primary process", 0);
  });
  process.on("SIGTERM", () => stop("SIGTERM", config.drainDelayMs)); // somebody means this worker alone
  process.on("SIGINT", () => undefined); // Ctrl-C reaches all processes at once; the primary takes care of it

  // With polling, the requests of a client have to come to the same worker: the primary hands the connections out.
  const sticky = config.transports.includes("polling");
  // sticky uses only these two; ours does not name the HTTP server, because Socket.IO would close it.
  if (sticky) {
    setupWorker({ httpServer: classwire.server, engine: classwire.io.engine } as unknown as Server);
    announceSessions(classwire.io.engine);
  }
  const urls = sticky ? [] : await classwire.listen();
  process.send?.({ classwire: "serving", urls } satisfies FromWorker);
}
