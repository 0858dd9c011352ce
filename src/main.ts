#!/usr/bin/env node
// The standalone server: start and signals, nothing else.
import { createClasswire } from "./app.ts";
import { ConfigError, loadConfig } from "./config.ts";
import { developmentTokens, welcome } from "./development.ts";
import { createLogger } from "./logging.ts";

/** A stop that takes longer is cut short. */
const STOP_WITHIN_MS = 10_000;

try {
  const config = loadConfig();
  const logger = createLogger(config);
  const classwire = await createClasswire({ config, logger });
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) process.exit(1); // the second signal
    stopping = true;
    logger.info({ signal }, "stopping");
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    classwire.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, "could not stop cleanly");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  const urls = await classwire.listen();
  logger.info({ urls }, "listening");
  if (!config.production) process.stdout.write(`${welcome(urls, developmentTokens(config))}\n`);
} catch (error) {
  // One line, whatever stops the start: a bad variable, a port that is taken, a database that is away.
  const message = error instanceof ConfigError || error instanceof Error ? error.message : String(error);
  process.stderr.write(`classwire: ${message.split("\n")[0]}\n`);
  process.exit(1);
}
