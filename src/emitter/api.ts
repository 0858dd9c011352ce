// One call of the HTTP API, tried until it is answered: the same Idempotency-Key over all tries, within one deadline.
import { z } from "zod";
import { ERRORS, type ErrorCode } from "../contract/errors.ts";
import type { ApiCall } from "./calls.ts";
import { PublishError } from "./errors.ts";
import { type Backoff, DEFAULT_BACKOFF, isWorthRetrying, retryDelay } from "./retry.ts";

/** Where the API is and how it is called. */
export interface ApiOptions {
  /** Base URL of the server, such as `https://live.school.example`. */
  url: string;
  /** A `service` or `admin` token, or how one is had; asked for at every attempt, so it may be renewed any time. */
  token: string | (() => string | Promise<string>);
  /** Milliseconds after which a call gives up with the last error. 30 000. */
  deadlineMs?: number;
  /** Milliseconds that one attempt may take. 10 000. */
  attemptMs?: number;
  /** How long to wait between attempts, in milliseconds. */
  backoff?: Backoff;
}

/** What a single call may set. */
export interface CallOptions {
  /** A key of the caller's own: the same key, path and body is the same event, also from another process. */
  idempotencyKey?: string;
  /** Milliseconds after which this call gives up, where it is not what the emitter was made with. */
  deadlineMs?: number;
  /** Milliseconds that one attempt of this call may take, likewise. */
  attemptMs?: number;
}

/** Makes a call and gives back its checked answer. Throws {@link PublishError}. */
export type Send = <Answer>(call: ApiCall<Answer>, options?: CallOptions) => Promise<Answer>;

const errorBody = z.object({
  error: z.object({ code: z.string(), message: z.string(), fields: z.record(z.string(), z.string()).optional() }),
});

/** A {@link Send} for the server at `options.url`. */
export function createSend(options: ApiOptions): Send {
  const { backoff = DEFAULT_BACKOFF } = options;
  const base = options.url.replace(/\/+$/, "");

  async function attempt(call: ApiCall<unknown>, body: string, key: string, timeoutMs: number) {
    const token = typeof options.token === "function" ? await options.token() : options.token;
    const response = await fetch(base + call.path, {
      method: call.method,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        ...(call.method === "POST" ? { "idempotency-key": key } : {}),
      },
      body,
      redirect: "error", // a redirect would take the token elsewhere
      signal: AbortSignal.timeout(Math.max(1, timeoutMs)),
    });
    return { status: response.status, retryAfter: response.headers.get("retry-after"), body: await response.text() };
  }

  return async (call, own = {}) => {
    const { idempotencyKey = crypto.randomUUID() } = own;
    const deadlineMs = own.deadlineMs ?? options.deadlineMs ?? 30_000;
    const attemptMs = own.attemptMs ?? options.attemptMs ?? 10_000;
    const deadline = Date.now() + deadlineMs;
    const body = JSON.stringify(call.body);
    let before: PublishError | undefined;
    for (let attempts = 1; ; attempts++) {
      const timeoutMs = Math.min(attemptMs, deadline - Date.now());
      const ended = await attempt(call, body, idempotencyKey, timeoutMs).catch((cause: unknown) => ({ cause }));
      if ("status" in ended && ended.status < 300) return answerOf(call, ended.body, ended.status, attempts);
      const status = "status" in ended ? ended.status : undefined;
      // What the deadline itself cut short says less than the error before it.
      if (status === undefined && before !== undefined && deadline - Date.now() < 5) throw before;
      const error = "status" in ended ? refused(ended.status, ended.body, attempts) : unanswered(ended.cause, attempts);
      const delay = retryDelay(attempts, "status" in ended ? ended.retryAfter : null, { backoff });
      if (!isWorthRetrying(status) || Date.now() + delay >= deadline) throw error;
      before = error;
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  };
}

/** The error of an answer: from its body where that is the API's own, else by its status. */
export function refused(status: number, body: string | object, attempts: number): PublishError {
  const parsed = errorBody.safeParse(typeof body === "string" ? readJson(body) : body);
  if (!parsed.success) return new PublishError(codeOf(status), `the server answered ${status}`, { status, attempts });
  const { code, message, fields } = parsed.data.error;
  return new PublishError(isErrorCode(code) ? code : codeOf(status), message, { status, attempts, fields });
}

function answerOf<Answer>(call: ApiCall<Answer>, body: string, status: number, attempts: number): Answer {
  const parsed = call.answer.safeParse(readJson(body));
  if (parsed.success) return parsed.data;
  const message = `${call.path} was carried out, but its answer is not what this version knows`;
  throw new PublishError("SERVER_ERROR", message, { status, attempts, cause: parsed.error });
}

function unanswered(cause: unknown, attempts: number): PublishError {
  return new PublishError("NO_ANSWER", `no answer: ${reasonOf(cause)}`, { status: undefined, attempts, cause });
}

/** `fetch` says "fetch failed" and hides why in the cause, which for several addresses has a code but no message. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return error.message || ("code" in error ? String(error.code) : error.name);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a proxy's page, or nothing at all: the schema refuses it
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/** The code for a status when the body names none. */
function codeOf(status: number): ErrorCode {
  const [code] = Object.entries(ERRORS).find(([, row]) => row.status === status) ?? ["SERVER_ERROR"];
  return isErrorCode(code) ? code : "SERVER_ERROR";
}
