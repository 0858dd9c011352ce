// The primary process: starts several worker processes that share the ports, and shuts them down.
import cluster from "node:cluster";
import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import { developmentTokens, welcome } from "../console/development.ts";
import { HandedOver } from "./handed-over.ts";
import { WORKER } from "./ipc.ts";
import { onSignals } from "./signals.ts";
import { openStickyListeners } from "./sticky-listener.ts";
import { createSupervisor, type Supervisor } from "./supervisor.ts";

/**
 * Starts `config.workers` workers; resolves when all of them serve. When a worker cannot start, it has said why on stderr:
 * the others are shut down and the process ends with 1.
 * @throws the system's error when a port cannot be listened on, e.g. EADDRINUSE
 */
export async function servePrimary(config: Config, logger: Logger): Promise<void> {
  cluster.schedulingPolicy = cluster.SCHED_RR; // the default everywhere but on Windows
  cluster.setupPrimary({ args: [WORKER], serialization: "advanced" }); // sticky hands buffers to the workers
  const handedOver = new HandedOver();
  const supervisor = createSupervisor({ env: sharedEnvironment(config), logger, handedOver });
  onSignals((signal) => {
    logger.info({ signal, workers: config.workers }, "shutting down the workers");
    supervisor.shutDown(config.drainDelayMs).then((clean) => process.exit(clean ? 0 : 1));
  });

  // With polling, all requests of a client have to reach the same worker; without it the system spreads the connections.
  const sticky = config.transports.includes("polling");
  const listeners = sticky ? await openStickyListeners(config.host, config.ports, handedOver) : undefined;
  const workerUrls = await startWorkers(supervisor, config.workers);
  if (workerUrls === undefined) {
    await supervisor.shutDown(0);
    process.exit(1);
  }
  const urls = listeners?.urls ?? workerUrls;
  logger.info({ urls, workers: config.workers }, "listening");
  if (!config.production) process.stdout.write(`${welcome(urls, developmentTokens(config))}\n`);
}

/** Starts the workers; resolves with their URLs, or with undefined when one of them could not start. */
async function startWorkers(supervisor: Supervisor, count: number): Promise<readonly string[] | undefined> {
  // The first one alone: it migrates the database, and if it cannot start neither can the others.
  const urls = await supervisor.startWorker();
  if (urls === undefined) return undefined;
  const others = await Promise.all(Array.from({ length: count - 1 }, () => supervisor.startWorker()));
  return others.includes(undefined) ? undefined : urls;
}

/** What each worker would otherwise generate for itself, and has to be the same in all of them. */
function sharedEnvironment({ auth: { key, secretGenerated } }: Config): Record<string, string> {
  return secretGenerated && key.alg === "HS256" ? { JWT_SECRET: key.secret } : {};
}
