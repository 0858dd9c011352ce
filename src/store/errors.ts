// Telling a database that cannot answer from a statement that is wrong.

/** SQLSTATE classes that say "not now": connection, who we are, resources (disk full), operator intervention, system, internal. */
const UNAVAILABLE_CLASSES = new Set(["08", "28", "53", "57", "58", "XX"]);
/** Those of them that say so though the database answers: it lacks space or the like, its files fail, or itself. */
const UNABLE_CLASSES = new Set(["53", "58", "XX"]);
/** A server that only reads: a standby, or one whose operator has told it so. */
const READ_ONLY = "25006";
/** Single SQLSTATEs: a read-only server, no such database, a lock that was not given in time, a transaction idle for too long. */
const UNAVAILABLE_STATES = new Set([READ_ONLY, "3D000", "55P03", "25P03"]);
/** What a server says that has lost its place: it only reads, an operator ends it, it crashes, it starts or stops. */
const ELSEWHERE = new Set([READ_ONLY, "57P01", "57P02", "57P03"]);
/** Of Node: the socket, the name service, the files under an embedded database. */
const UNAVAILABLE_SYSTEM = new Set(
  "ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOTFOUND EAI_AGAIN ENOENT ENOSPC EIO EROFS".split(
    " ",
  ),
);
/** Of Prisma: not reachable, timeouts, connection closed, none free, transaction over its time, too many connections. */
const UNAVAILABLE_PRISMA = new Set("P1001 P1002 P1008 P1017 P2024 P2028 P2037".split(" "));
/** What Prisma's adapters call the same when a raw query fails. */
const UNAVAILABLE_KINDS = new Set(["DatabaseNotReachable", "ConnectionClosed", "SocketTimeout", "TooManyConnections"]);
/** pg reports these with a message only. */
const UNAVAILABLE_MESSAGES =
  /^(Query read timeout|Connection terminated|timeout exceeded when trying to connect|Client .*is not queryable|Cannot use a pool after|PGlite is clos)/;

/** What pg says when it has waited for an answer in vain, to a statement or to a new connection. */
const SILENCE =
  /^(Query read timeout|timeout exceeded when trying to connect|Connection terminated due to connection timeout)/;

/** An error may be its own cause. */
const MAX_CAUSES = 5;

/** The embedded database has broken down (it wrote PANIC: no space for its log, a damaged file) and is being restarted. */
export class DatabaseBrokenError extends Error {
  override readonly name = "DatabaseBrokenError";
}

/** The server is a standby: the connection leads to the wrong place, another one may lead to the primary. */
export class ReadOnlyError extends Error {
  override readonly name = "ReadOnlyError";
  readonly code = READ_ONLY;

  constructor() {
    super("The database is a standby, which takes no writes");
  }
}

/** A server cannot be used. The message is one line that names `DATABASE_URL`, and has neither the URL nor its password. */
export class UnusableError extends Error {
  override readonly name = "UnusableError";
  /** Why, in one sentence. */
  readonly reason: string;
  /** No waiting mends it: somebody has to change the URL or the server. */
  readonly isLasting: boolean;

  constructor(reason: string, isLasting: boolean, cause?: unknown) {
    super(`DATABASE_URL cannot be used: ${reason}`, { cause });
    this.reason = reason;
    this.isLasting = isLasting;
  }
}

/** The wait for something that cannot be cancelled was over before it had happened; it may happen yet. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

/**
 * Whether an error of `query`, `ping` or Prisma means that the database is away, overloaded, full or read-only, so that the
 * same call may succeed later (callers answer `SERVER_ERROR`). Whether it took effect is unknown. False for what would fail
 * again: bad SQL, a violated constraint, a value out of range.
 */
export function isUnavailable(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth += 1) {
    if (saysUnavailable(current)) return true;
    current = current.cause;
  }
  return false;
}

/** Whether an error of `query` means that the database answers, and yet cannot do what it is there for. */
export function isUnable(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return isSqlState(code) && (code === READ_ONLY || UNABLE_CLASSES.has(code.slice(0, 2)));
}

/** Whether an error says that another server has, or will have, the place of this one: it only reads, or is shutting down. */
export function isElsewhere(error: unknown): boolean {
  return ELSEWHERE.has(String((error as { code?: unknown } | undefined)?.code));
}

/** Whether an error means that the database has been given seconds to answer and has said nothing. */
export function isSilence(error: unknown): boolean {
  return error instanceof TimeoutError || (error instanceof Error && SILENCE.test(error.message));
}

const OURS = [DatabaseBrokenError, TimeoutError, UnusableError];

function saysUnavailable(error: Error): boolean {
  if (OURS.some((kind) => error instanceof kind)) return true;
  if (error.name === "RuntimeError") return true; // WebAssembly's: the embedded database has crashed
  if (UNAVAILABLE_MESSAGES.test(error.message)) return true;
  const { code, meta } = error as Error & { code?: unknown; meta?: { driverAdapterError?: { cause?: AdapterCause } } };
  return isUnavailableCode(code) || isUnavailableCause(meta?.driverAdapterError?.cause);
}

/** What Prisma's driver adapters say about an error. */
interface AdapterCause {
  readonly kind?: unknown;
  readonly originalCode?: unknown;
}

function isUnavailableCause(cause: AdapterCause | undefined): boolean {
  return UNAVAILABLE_KINDS.has(String(cause?.kind)) || isUnavailableCode(cause?.originalCode);
}

function isUnavailableCode(code: unknown): boolean {
  if (typeof code !== "string") return false;
  if (UNAVAILABLE_SYSTEM.has(code) || UNAVAILABLE_PRISMA.has(code) || UNAVAILABLE_STATES.has(code)) return true;
  return isSqlState(code) && UNAVAILABLE_CLASSES.has(code.slice(0, 2));
}

function isSqlState(code: unknown): code is string {
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code);
}
