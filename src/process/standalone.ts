// A single node in this process, shut down by a signal.
import type { Logger } from "pino";
import { createClasswire } from "../app.ts";
import type { Config } from "../config/config.ts";
import { developmentTokens, welcome } from "../console/development.ts";
import { createGracefulShutdown } from "./graceful-shutdown.ts";
import { onSignals } from "./signals.ts";

/**
 * Starts the node; resolves when it listens.
 * @throws the error of what could not be opened: the database, Redis, a port
 */
export async function serveStandalone(config: Config, logger: Logger): Promise<void> {
  const classwire = await createClasswire({ config, logger });
  const shutDown = createGracefulShutdown(classwire, logger);
  onSignals((signal) => shutDown(signal, config.drainDelayMs));
  const urls = await classwire.listen();
  logger.info({ urls }, "listening");
  if (!config.production) process.stdout.write(`${welcome(urls, developmentTokens(config))}\n`);
}
