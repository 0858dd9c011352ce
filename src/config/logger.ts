// The server's own log: structured JSON lines, readable ones in development, never a secret.
import { createRequire } from "node:module";
import { type DestinationStream, type Logger, pino } from "pino";
import type { Config } from "./config.ts";

/** Names under which a secret could stand in something that is logged. */
const SECRETS = ["token", "authorization", "cookie", "password", "secret"].flatMap((name) => [name, `*.${name}`]);

/** Creates the logger. Lines are readable in development where pino-pretty is installed, else JSON. */
export function createLogger(config: Pick<Config, "logLevel" | "mode">): Logger {
  const options = { level: config.logLevel, redact: { paths: SECRETS, censor: "[secret]" } };
  const readable = config.mode === "development" ? readableLines() : undefined;
  return readable === undefined ? pino(options) : pino(options, readable);
}

/** Readable lines on stdout, or undefined where pino-pretty, a development dependency, is not installed. */
function readableLines(): DestinationStream | undefined {
  const require = createRequire(import.meta.url);
  let pretty: typeof import("pino-pretty");
  try {
    pretty = require("pino-pretty");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
  return pretty({ colorize: process.stdout.isTTY, ignore: "pid,hostname", translateTime: "HH:MM:ss", sync: true });
}
