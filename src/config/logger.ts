// The server's own log: structured JSON lines, readable ones in development, never a secret.
import { type Logger, pino } from "pino";
import pretty from "pino-pretty";
import type { Config } from "./config.ts";

/** Names under which a secret could stand in something that is logged. */
const SECRETS = ["token", "authorization", "cookie", "password", "secret"].flatMap((name) => [name, `*.${name}`]);

/** Makes the logger. */
export function createLogger(config: Pick<Config, "logLevel" | "mode">): Logger {
  const options = { level: config.logLevel, redact: { paths: SECRETS, censor: "[secret]" } };
  if (config.mode !== "development") return pino(options);
  return pino(
    options,
    pretty({ colorize: process.stdout.isTTY, ignore: "pid,hostname", translateTime: "HH:MM:ss", sync: true }),
  );
}
