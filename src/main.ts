#!/usr/bin/env node
// The entry point of the standalone server: one node in this process, or several in worker processes.
import cluster from "node:cluster";
import { loadConfig } from "./config/config.ts";
import { createLogger } from "./config/logger.ts";
import { WORKER } from "./process/ipc.ts";

process.stdout.on("error", () => undefined); // a reader that has gone (`npm start | head`) is no reason to end

try {
  const config = loadConfig();
  const logger = createLogger(config);
  // Each kind of process loads only what it runs: the primary of several workers holds no server.
  if (cluster.isWorker && process.argv[2] === WORKER)
    await (await import("./process/worker.ts")).serveWorker(config, logger);
  else if (config.workers > 1) await (await import("./process/primary.ts")).servePrimary(config, logger);
  else await (await import("./process/standalone.ts")).serveStandalone(config, logger);
} catch (error) {
  // One line, whatever prevents the start: a bad variable, a port in use, an unreachable database.
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`classwire: ${variableAtFault(error)}${message.split("\n")[0]}\n`);
  process.exit(1);
}

/** Names the variable that an unusable listening address comes from, as the beginning of a line; "" for other errors. */
function variableAtFault(error: unknown): string {
  const { code, syscall } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (syscall === "getaddrinfo") return "HOST cannot be used: "; // other names are looked up with an error of their own
  if (syscall !== "listen") return "";
  return `${code === "EADDRNOTAVAIL" ? "HOST" : "PORT"} cannot be used: `;
}
