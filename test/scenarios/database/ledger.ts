// A ledger of every answer that a server gives under load: acknowledged, refused as it should be, or neither, which is a problem.
import { setTimeout as delay } from "node:timers/promises";

/** A durable event that the server has acknowledged; quizzes are acknowledged without an offset. */
export interface Acknowledged {
  readonly channel: string;
  readonly name: string;
  readonly offset?: number;
}

/** What became of one call: it is acknowledged, refused with SERVER_ERROR, or anything else, in words. */
export type Outcome = "acknowledged" | "refused" | (string & {});

/** @see createLedger */
export interface Ledger {
  readonly acknowledged: Acknowledged[];
  /** The largest total that was acknowledged, in seconds, by user. */
  readonly totals: Map<string, number>;
  /** Answers that must never be, and calls that were never answered. */
  readonly problems: string[];
  /** How long the slowest answer took, in milliseconds. */
  slowestMs(): number;
  /** How often calls of each kind came out so. */
  count(outcome: "acknowledged" | "refused"): ReadonlyMap<string, number>;
  /** Starts somebody who calls again and again, with a short rest after each answer, whatever that was. */
  caller(kind: string, call: () => Promise<Outcome>): void;
  /** Resolves when every call that was begun is answered. */
  stop(): Promise<void>;
}

/** So long at most a call may take: five seconds in line, then two statements, each given up after 4.5 s, and some to spare. */
const ANSWER_WITHIN_MS = 15_000;
const REST_MS = 25;

/** Opens a ledger. */
export function createLedger(): Ledger {
  const acknowledged = new Map<string, number>();
  const refused = new Map<string, number>();
  const problems: string[] = [];
  const callers: Promise<void>[] = [];
  let running = true;
  let slowest = 0;

  async function once(kind: string, call: () => Promise<Outcome>): Promise<void> {
    const began = performance.now();
    const late = new AbortController();
    const outcome = await Promise.race([
      call().catch((error: unknown) => `failed: ${error}`),
      delay(ANSWER_WITHIN_MS, "no answer", { signal: late.signal }),
    ]);
    late.abort();
    slowest = Math.max(slowest, performance.now() - began);
    if (outcome === "acknowledged") acknowledged.set(kind, (acknowledged.get(kind) ?? 0) + 1);
    else if (outcome === "refused") refused.set(kind, (refused.get(kind) ?? 0) + 1);
    else problems.push(`${kind}: ${outcome}`);
  }

  async function repeat(kind: string, call: () => Promise<Outcome>): Promise<void> {
    for (; running; await delay(REST_MS)) await once(kind, call);
  }

  return {
    acknowledged: [],
    totals: new Map(),
    problems,
    slowestMs: () => slowest,
    count: (outcome) => new Map(outcome === "refused" ? refused : acknowledged),
    caller: (kind, call) => void callers.push(repeat(kind, call)),
    async stop() {
      running = false;
      await Promise.all(callers);
    },
  };
}
