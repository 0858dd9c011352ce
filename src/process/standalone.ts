// A single node in this process, shut down by a signal.
import type { Logger } from "pino";
import { createClasswire } from "../app.ts";
import type { Config } from "../config/config.ts";
import { developmentTokens, welcome } from "../console/development.ts";
import { createGracefulShutdown, type Shutdown } from "./graceful-shutdown.ts";
import { onSignals } from "./signals.ts";

/**
 * Starts the node; resolves when it listens.
 * @throws the error of what could not be opened: the database, Redis, a port
 */
export async function serveStandalone(config: Config, logger: Logger): Promise<void> {
  // It may wait for its database for long; the first process of a container would not even be ended by a signal.
  let shutDown: Shutdown = () => process.exit(0);
  onSignals((signal) => shutDown(signal, config.drainDelayMs));
  const classwire = await createClasswire({ config, logger });
  shutDown = createGracefulShutdown(classwire, logger);
  const urls = await classwire.listen();
  logger.info({ urls }, "listening");
  if (!config.production) process.stdout.write(`${welcome(urls, developmentTokens(config))}\n`);
}
