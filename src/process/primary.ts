// The primary process: starts several worker processes that share the ports, and shuts them down.
import cluster from "node:cluster";
import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import { developmentTokens, welcome } from "../console/development.ts";
import { createDistributor } from "./connection-distributor.ts";
import { openConnectionListeners } from "./connection-listener.ts";
import { WORKER } from "./ipc.ts";
import { onSignals } from "./signals.ts";
import { createSupervisor, type Supervisor } from "./supervisor.ts";

/**
 * Starts `config.workers` workers; resolves when all of them serve. When a worker cannot start, it has said why on stderr:
 * the others are shut down and the process ends with 1.
 * @throws the system's error when a port cannot be listened on, e.g. EADDRINUSE
 */
export async function servePrimary(config: Config, logger: Logger): Promise<void> {
  cluster.setupPrimary({ args: [WORKER], serialization: "advanced" }); // which carries bytes as bytes
  const distributor = createDistributor();
  const supervisor = createSupervisor(sharedEnvironment(config), distributor, logger);
  onSignals((signal) => {
    logger.info({ signal, workers: config.workers }, "shutting down the workers");
    supervisor.shutDown(config.drainDelayMs).then((clean) => process.exit(clean ? 0 : 1));
  });

  // With polling, all requests of a client have to reach the same worker.
  const sticky = config.transports.includes("polling");
  const address = { host: config.host, ports: config.ports, backlog: config.limits.listenBacklog };
  const { urls } = await openConnectionListeners(address, sticky, (connection) => distributor.distribute(connection));
  if (!(await startWorkers(supervisor, config.workers))) {
    await supervisor.shutDown(0);
    process.exit(1);
  }
  logger.info({ urls, workers: config.workers }, "listening");
  if (!config.production) process.stdout.write(`${welcome(urls, developmentTokens(config))}\n`);
}

/** Starts the workers. Resolves with whether all of them could. */
async function startWorkers(supervisor: Supervisor, count: number): Promise<boolean> {
  // The first one alone: it migrates the database, and if it cannot start neither can the others.
  if (!(await supervisor.startWorker())) return false;
  const others = await Promise.all(Array.from({ length: count - 1 }, () => supervisor.startWorker()));
  return others.every(Boolean);
}

/** What each worker would otherwise generate for itself, and has to be the same in all of them. */
function sharedEnvironment({ auth: { key, secretGenerated } }: Config): Record<string, string> {
  return secretGenerated && key.alg === "HS256" ? { JWT_SECRET: key.secret } : {};
}
