// Why a PostgreSQL server cannot be used: in one plain sentence, and whether waiting may mend it.
import { isUnavailable, UnusableError } from "./errors.ts";
import type { StoreLog } from "./interface.ts";

const AGAIN_MS = 60_000;
/** An error may be its own cause. */
const MAX_CAUSES = 5;

/** SQLSTATE classes of a server that answers and will not have us: who we are, which database it is. */
const REFUSED_CLASSES = new Set(["28", "3D"]);
/** Missing rights. */
const NOT_PERMITTED = "42501";
/** Of Node: the server's certificate is not trusted, or is another one's; no TLS can be agreed upon. */
const CERTIFICATE = /^(CERT_|UNABLE_TO_|ERR_TLS_CERT)|_CERT(_|$)/;
const TLS = /^(ERR_SSL|ERR_TLS|EPROTO)/;
/** What only has a message, with what it means. PgBouncer gives most of its refusals the code of a lost connection. */
const MEANINGS: readonly [message: RegExp, meaning: string][] = [
  [/^The server does not support SSL/, "the server has no TLS, which the URL asks for: sslmode=disable does without"],
  [/^There was an error establishing an SSL/, "what listens there is no PostgreSQL server"],
  [/^received invalid response/, "what listens there is no PostgreSQL server"],
  [/^SASL: .*password must be/, "the server asks for a password, and the URL has none"],
  [/^SASL: .*signature/, "what listens there does not know the password it asks for"],
  [/not allowed in statement pooling/i, "its connection pooler has pool_mode = statement: transaction is needed"],
  [/^unsupported startup parameter/, "its connection pooler refuses a parameter of the URL"],
  [/^(no such (database|user)|auth(entication)? failed|SSL required)/i, "its connection pooler refuses us"],
];
/** What waiting may mend, by the code of Node or PostgreSQL. */
const PASSING: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOENT: "there is no such socket",
  ENOTFOUND: "the name of its host is not known",
  EAI_AGAIN: "the name service does not answer",
  "25006": "it is a standby, or read-only",
};
/** pg's words for a connection that was not made in time, or that the other side ended at once. */
const SILENT = /^(timeout expired|Connection terminated due to connection timeout)/;
const ENDED = /^Connection terminated unexpectedly/;

/**
 * What an error of opening a store means. @param at where the server is, `host:port` or its socket
 * @returns undefined for what is no fault of the server or the way to it, as a migration that was changed
 */
export function unusable(error: unknown, at: string): UnusableError | undefined {
  if (error instanceof UnusableError) return error;
  const root = rootOf(error);
  if (root === undefined) return undefined;
  const meaning = lasting(root);
  if (meaning !== undefined) return new UnusableError(`PostgreSQL at ${at}: ${meaning}`, true, error);
  const passes = passing(root) ?? (isUnavailable(error) ? messageOf(root) : undefined);
  return passes === undefined ? undefined : new UnusableError(`PostgreSQL at ${at}: ${passes}`, false, error);
}

/** As {@link unusable}, for an error of connecting: whatever the server says then, it will not have us. */
export function refused(error: unknown, at: string): UnusableError {
  return unusable(error, at) ?? new UnusableError(`PostgreSQL at ${at}: ${messageOf(error)}`, true, error);
}

/** Logs why the server cannot be used: each reason at once, and again every minute for as long as it lasts. */
export function createFaultLog(logger: StoreLog | undefined): (fault: UnusableError) => void {
  const said = new Map<string, number>();
  return ({ reason }) => {
    const now = performance.now();
    for (const [other, at] of said) if (now - at >= AGAIN_MS) said.delete(other);
    if (said.has(reason)) return;
    said.set(reason, now);
    logger?.warn({ reason }, "PostgreSQL cannot be used");
  };
}

/** What the whole thing began with. */
function rootOf(error: unknown): Error | undefined {
  let root = error;
  for (let depth = 0; depth < MAX_CAUSES && root instanceof Error && root.cause instanceof Error; depth += 1) {
    root = root.cause;
  }
  return root instanceof Error ? root : undefined;
}

function lasting(error: Error): string | undefined {
  const code = codeOf(error);
  const message = messageOf(error);
  const [, meaning] = MEANINGS.find(([pattern]) => pattern.test(message)) ?? [];
  if (meaning !== undefined) return `${meaning} (${message})`;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return `its certificate is another host's (${message})`;
  if (CERTIFICATE.test(code)) return `its certificate is not trusted (${message}): name its issuer's with sslrootcert`;
  if (TLS.test(code)) return `no TLS connection can be made (${message})`;
  const isRefused = REFUSED_CLASSES.has(code.slice(0, 2)) && code.length === 5;
  return isRefused || code === NOT_PERMITTED ? message : undefined;
}

function passing(error: Error): string | undefined {
  const message = messageOf(error);
  const meaning = PASSING[codeOf(error)];
  // A file that is missing (sslrootcert) does not come by itself.
  if (meaning !== undefined && (error as NodeJS.ErrnoException).syscall !== "open") return `${meaning} (${message})`;
  if (SILENT.test(message)) return "it does not answer as PostgreSQL does, or not in time";
  return ENDED.test(message) ? "it ends the connection without an answer" : undefined;
}

function codeOf(error: Error): string {
  return String((error as NodeJS.ErrnoException).code ?? "");
}

/** In one line. Of a name with several addresses, none of which answers, Node gives a code only. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message || codeOf(error) : String(error);
  return message.split("\n")[0] ?? "";
}
