// Idempotency keys: the same request again, on whatever node, gives the first answer and happens once.
import { createHash, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "../contract/errors.ts";
import { encodeId } from "../contract/ids.ts";
import type { Store } from "../store/store.ts";
import { createEntries, type EntryName, type Lifetimes } from "./idempotency-entries.ts";

/** A request with an idempotency key. */
export interface KeyedRequest {
  /** Whose key it is. */
  caller: string;
  /** What is called, always written the same way. */
  path: string;
  /** The caller's own key. */
  key: string;
  /** JSON; the same key with another body is refused. */
  body: unknown;
}

/** What a request is answered with. */
export interface KeptAnswer {
  status: number;
  /** JSON. */
  body: unknown;
  /** False: not kept, whatever the status. */
  keep?: boolean;
}

/** Runs requests once per key. */
export interface Idempotency {
  /**
   * Does the work, unless this caller has had it done under this key in the last 24 h: then gives the first answer again.
   * One that still runs, here or on another node, is waited for. One that failed (work that throws, answers of 5xx, 401
   * and 429) or whose node died is done again by the next request, with the same event key, so that what it had committed
   * is found and not repeated.
   * @param work gets the key for the events that it appends
   * @throws Failure CONFLICT for another body; SERVER_ERROR when the first one takes too long; whatever `work` throws
   */
  run(
    request: KeyedRequest,
    work: (eventKey: string) => Promise<KeptAnswer>,
  ): Promise<KeptAnswer & { replayed: boolean }>;
  /** Waits for what is being written; requests after that are refused. */
  close(): Promise<void>;
}

/** What the service needs; the times are for tests. */
export interface IdempotencyOptions extends Partial<Lifetimes> {
  store: Store;
  /** How long a request waits for the first one with its key, in milliseconds. */
  waitMs?: number;
}

const FIRST_POLL_MS = 20;
const SLOWEST_POLL_MS = 1_000;

/** Creates the idempotency of one node: it keeps answers in the store, and waits for calls that still run here. */
export function createIdempotency(options: IdempotencyOptions): Idempotency {
  const { store, waitMs = 10_000, staleSeconds = 4, keepSeconds = 86_400 } = options;
  const entries = createEntries(store, { staleSeconds, keepSeconds });

  async function work(name: EntryName, holder: string, run: () => Promise<KeptAnswer>): Promise<KeptAnswer> {
    // A slow request is not a dead one. When the touch fails the database is away, and the work with it.
    const alive = setInterval(() => void entries.touch(name, holder).catch(goesStale), (staleSeconds * 1000) / 3);
    try {
      const answer = await run();
      // What was done is done: an answer that cannot be kept is given all the same. Its entry goes stale, and a retry
      // finds the events by their key.
      if (isKept(answer.status) && answer.keep !== false)
        await entries.answer({ name, holder, ...answer }).catch(goesStale);
      else await entries.giveUp(name, holder).catch(goesStale);
      return answer;
    } catch (error) {
      // Not waited for: a database that has just failed the work would let the caller wait as long again.
      void entries.giveUp(name, holder).catch(goesStale);
      throw error;
    } finally {
      clearInterval(alive);
    }
  }

  return {
    close: () => entries.close(),
    async run(request, doWork) {
      const bodyHash = hash(JSON.stringify(request.body ?? null, sorted));
      const name = { caller: encodeId(request.caller), path: request.path, key: hash(request.key) };
      const deadline = Date.now() + waitMs;
      for (let pause = FIRST_POLL_MS; ; pause = Math.min(2 * pause, SLOWEST_POLL_MS)) {
        const holder = randomUUID();
        const entry = await entries.claim({ ...name, bodyHash, holder, eventKey: `request:${holder}` });
        if (entry.kind === "ours") {
          return { ...(await work(name, holder, () => doWork(entry.eventKey))), replayed: false };
        }
        if (entry.kind !== "gone" && entry.bodyHash !== bodyHash) {
          throw new Failure("CONFLICT", "this Idempotency-Key was used with another body");
        }
        if (entry.kind === "answered") return { status: entry.status, body: entry.body, replayed: true };
        if (Date.now() + pause > deadline) {
          throw new Failure("SERVER_ERROR", "the first request with this Idempotency-Key still runs", {
            retryAfterMs: 2_000,
          });
        }
        await delay(pause);
      }
    },
  };
}

/** Whether an answer is final: 5xx, 401 and 429 may be another one soon. */
export function isKept(status: number): boolean {
  return status < 500 && status !== 401 && status !== 429;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

/** Members in the order of their names, so that the order in which a client writes them makes no other body. */
function sorted(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** After a statement that the database would not take: the entry stays as it is, and ends by going stale. */
const goesStale = (): undefined => undefined;
