#!/usr/bin/env node
// The standalone server: a node in this process, or several in workers of it.
import cluster from "node:cluster";
import { loadConfig } from "./config/config.ts";
import { createLogger } from "./config/logger.ts";
import { WORKER } from "./process/ipc.ts";

process.stdout.on("error", () => undefined); // whoever read it has gone, which is no reason to end (`npm start | head`)

try {
  const config = loadConfig();
  const logger = createLogger(config);
  // Each kind of process loads only what it runs: the primary of several workers holds no server.
  if (cluster.isWorker && process.argv[2] === WORKER)
    await (await import("./process/worker.ts")).serveAsWorker(config, logger);
  else if (config.workers > 1) await (await import("./process/primary.ts")).startWorkers(config, logger);
  else await (await import("./process/standalone.ts")).serve(config, logger);
} catch (error) {
  // One line, whatever stops the start: a bad variable, a port that is taken, a database that is away.
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`classwire: ${blamed(error)}${message.split("\n")[0]}\n`);
  process.exit(1);
}

/** The variable that an address which cannot be listened on comes from, as the beginning of a line; else nothing. */
function blamed(error: unknown): string {
  const { code, syscall } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (syscall === "getaddrinfo") return "HOST cannot be used: "; // other names are looked up with an error of their own
  if (syscall !== "listen") return "";
  return `${code === "EADDRNOTAVAIL" ? "HOST" : "PORT"} cannot be used: `;
}
