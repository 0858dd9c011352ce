// The server under fire, and what it holds in memory.
import { readFileSync } from "node:fs";
import { type SpawnedServer, spawnServer } from "../support/spawn-server.ts";
import { MAX_MESSAGE_BYTES } from "./texts.ts";

/** No limit stands between the frames and the code that reads them. */
const UNLIMITED = "1000000";

/**
 * Starts the standalone server.
 * @param built true where dist/ is built already
 * @param database its DATABASE_URL; one in the server's own memory if nothing is said
 * @param more further settings
 */
export function startTarget(
  built: boolean,
  database = "memory:",
  more: Record<string, string> = {},
): Promise<SpawnedServer> {
  const limits = {
    MAX_MESSAGE_BYTES: String(MAX_MESSAGE_BYTES),
    MESSAGES_PER_SECOND: UNLIMITED,
    CONNECT_ATTEMPTS_PER_MINUTE: UNLIMITED,
    DASHBOARD_ATTEMPTS_PER_MINUTE: UNLIMITED,
    CHANNELS_CONNECTIONS_PER_USER: "10000",
    GATEWAY_CONNECTIONS_PER_USER: "10000",
    EVENT_RETENTION_COUNT: "50", // what was said to everyone is replayed to each new connection
  };
  const env = { LOG_LEVEL: "error", TRUST_QUERY_USER: "true", DATABASE_URL: database, ...limits, ...more };
  return spawnServer(env, { built });
}

/** Resident memory of a process in bytes; undefined where the system does not say. */
export function residentBytes(pid: number): number | undefined {
  try {
    const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined; // no /proc here
  }
}
