// Says why Redis cannot be used: the first reason, each other one, and the same again every minute for as long as it lasts.
import type { ClusterLog } from "../cluster.ts";

const AGAIN_MS = 60_000;
/** A node's connections have a handful of reasons at a time; more are forgotten, so that none is kept for ever. */
const MOST_REASONS = 20;

/** What no waiting mends: a wrong password, missing rights, a database that is not there, TLS against a server without it. */
const FINAL =
  /^(WRONGPASS|NOAUTH|NOPERM|ERR (AUTH|Client sent AUTH|invalid password|DB index|invalid DB index))|certificate|wrong version number|ERR_SSL/i;

/** The faults of one node's connections to Redis. Reasons are Redis' or the system's words; neither quotes a URL or a password. */
export class FaultLog {
  readonly #logger: ClusterLog | undefined;
  /** The last reason. */
  #reason: string | undefined;
  /** When each was logged: several connections fail in turns, each for a reason of its own. */
  readonly #saidAt = new Map<string, number>();

  constructor(logger: ClusterLog | undefined) {
    this.#logger = logger;
  }

  /** Notes a fault, and logs it unless it was logged within the last minute. */
  note(error: unknown): void {
    const reason = reasonOf(error);
    const now = performance.now();
    this.#reason = reason;
    if (now - (this.#saidAt.get(reason) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return;
    if (this.#saidAt.size === MOST_REASONS) this.#saidAt.clear();
    this.#saidAt.set(reason, now);
    this.#logger?.warn({ reason }, "Redis cannot be used");
  }

  /** Redis is there: what was wrong is over. */
  clear(): void {
    this.#reason = undefined;
    this.#saidAt.clear();
  }

  /** The last reason, if it is one that no waiting mends. */
  refusal(): string | undefined {
    return this.#reason !== undefined && FINAL.test(this.#reason) ? this.#reason : undefined;
  }
}

/** The message; of a name with several addresses, none of which answers, Node gives a code only. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || String((error as { code?: unknown }).code);
}
