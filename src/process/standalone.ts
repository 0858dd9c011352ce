// One node in this process: created, listening, and stopped by a signal.
import type { Logger } from "pino";
import { createClasswire } from "../app.ts";
import type { Config } from "../config/config.ts";
import { developmentTokens, welcome } from "../console/development.ts";
import { createStop } from "./graceful-shutdown.ts";
import { onSignals } from "./signals.ts";

/** Starts it; resolves when it listens, rejects with what prevents that. */
export async function serve(config: Config, logger: Logger): Promise<void> {
  const classwire = await createClasswire({ config, logger });
  const stop = createStop(classwire, logger);
  onSignals((signal) => stop(signal, config.drainDelayMs));
  const urls = await classwire.listen();
  logger.info({ urls }, "listening");
  if (!config.production) process.stdout.write(`${welcome(urls, developmentTokens(config))}\n`);
}
