// Telling a database that cannot answer from a statement that is wrong.

/** SQLSTATE classes that say "not now": connection, resources, operator intervention, system. */
const UNAVAILABLE_CLASSES = new Set(["08", "53", "57", "58"]);
/** Single SQLSTATEs: a read-only server (a standby, or out of disk), a lock that was not given in time, a cut transaction. */
const UNAVAILABLE_STATES = new Set(["25006", "55P03", "25P03"]);
/** Codes of Node's sockets and of the files under an embedded database. */
const UNAVAILABLE_SYSTEM = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
  "ENOSPC",
  "EIO",
  "EROFS",
]);
/** Prisma's: not reachable, timeouts, connection closed, no connection free, transaction ended by its time limit, too many. */
const UNAVAILABLE_PRISMA = new Set(["P1001", "P1002", "P1008", "P1017", "P2024", "P2028", "P2037"]);
/** pg reports these without any code. */
const UNAVAILABLE_MESSAGES =
  /Query read timeout|Connection terminated|timeout exceeded when trying to connect|not queryable|PGlite is clos|after calling end on the pool/;

/**
 * Whether an error of `query`, `ping` or Prisma means that the database is away, overloaded, full or read-only, so that the
 * same call may succeed later (callers answer `SERVER_ERROR`). False for anything that would fail again: bad SQL, a violated
 * constraint, a value out of range.
 */
export function isUnavailable(error: unknown): boolean {
  for (let depth = 0, current = error; depth < 5 && typeof current === "object" && current !== null; depth += 1) {
    const { code, message, cause, meta } = current as {
      code?: unknown;
      message?: unknown;
      cause?: unknown;
      meta?: unknown;
    };
    if (typeof code === "string" && isUnavailableCode(code)) return true;
    if (typeof message === "string" && UNAVAILABLE_MESSAGES.test(message)) return true;
    current = cause ?? (meta as { driverAdapterError?: unknown } | undefined)?.driverAdapterError;
  }
  return false;
}

function isUnavailableCode(code: string): boolean {
  return (
    UNAVAILABLE_SYSTEM.has(code) ||
    UNAVAILABLE_PRISMA.has(code) ||
    UNAVAILABLE_STATES.has(code) ||
    (/^[0-9A-Z]{5}$/.test(code) && !code.startsWith("P") && UNAVAILABLE_CLASSES.has(code.slice(0, 2)))
  );
}
