// Several processes on this machine that share the ports: the primary starts the workers and stops them.
import cluster from "node:cluster";
import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import { developmentTokens, welcome } from "../console/development.ts";
import { WORKER } from "./ipc.ts";
import { onSignals } from "./signals.ts";
import { openStickyDoors } from "./sticky-listener.ts";
import { createCrew } from "./supervisor.ts";

/**
 * Starts `config.workers` workers and resolves when all of them serve. Rejects when a port is taken. When a worker cannot
 * start, it has said why on stderr: the others are stopped and the process ends with 1.
 */
export async function startWorkers(config: Config, logger: Logger): Promise<void> {
  cluster.schedulingPolicy = cluster.SCHED_RR; // the default, but for Windows
  cluster.setupPrimary({ args: [WORKER], serialization: "advanced" }); // sticky hands buffers to the workers
  // What each worker would make up for itself has to be the same in all of them.
  const { key, secretGenerated } = config.auth;
  const crew = createCrew(secretGenerated && key.alg === "HS256" ? { JWT_SECRET: key.secret } : {}, logger);
  onSignals((why) => {
    logger.info({ why }, "stopping the workers");
    crew.stop(config.drainDelayMs).then((clean) => process.exit(clean ? 0 : 1));
  });

  // With polling, the requests of a client have to come to the same worker; without, the system spreads the connections.
  const doors = config.transports.includes("polling") ? await openStickyDoors(config.host, config.ports) : undefined;
  // The first one alone: it migrates the database, and if it cannot start neither can the others.
  const first = await crew.recruit();
  const others = Array.from({ length: first === undefined ? 0 : config.workers - 1 }, () => crew.recruit());
  if (first === undefined || (await Promise.all(others)).includes(undefined)) {
    await crew.stop(0);
    process.exit(1);
  }
  const urls = doors?.urls ?? first;
  logger.info({ urls, workers: config.workers }, "listening");
  if (!config.production) process.stdout.write(`${welcome(urls, developmentTokens(config))}\n`);
}
