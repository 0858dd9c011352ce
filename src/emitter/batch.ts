// Many calls in few requests: every call keeps its own idempotency key, and one that fails fails alone.
import type { AnswerOf } from "../contract/calls.ts";
import { connectionCalls } from "../contract/operations.ts";
import { refused, type Send } from "./api.ts";
import type { ApiCall } from "./calls.ts";
import { PublishError } from "./errors.ts";
import { isWorthRetrying, retryDelay } from "./retry.ts";

/** How one call of a batch ended. */
export type BatchResult<Answer> = { ok: true; value: Answer } | { ok: false; error: PublishError };

/** The results of a batch, in the order of its calls. */
export type BatchResults<Calls extends readonly ApiCall<unknown>[]> = {
  -readonly [At in keyof Calls]: BatchResult<Calls[At] extends ApiCall<infer Answer> ? Answer : never>;
};

/** A call with the key that it keeps over all tries, and its place in the batch. */
interface Item {
  at: number;
  call: ApiCall<unknown>;
  idempotencyKey: string;
}

const MAX_ITEMS = 1000;
/** Below the server's 8 MB, with room for what surrounds the items. */
const MAX_BYTES = 7_500_000;

/**
 * Sends the calls in as few requests as the server's limits allow, and those that failed for a passing reason again,
 * until `deadlineMs` after the start. Never rejects because of the server: each call has its result.
 */
export async function sendBatch<const Calls extends readonly ApiCall<unknown>[]>(
  send: Send,
  calls: Calls,
  { deadlineMs = 30_000, random = Math.random } = {},
): Promise<BatchResults<Calls>> {
  const deadline = Date.now() + deadlineMs;
  const results: BatchResult<unknown>[] = [];
  let open: Item[] = calls.map((call, at) => ({ at, call, idempotencyKey: crypto.randomUUID() }));
  for (let round = 1; open.length > 0; round++) {
    const again: Item[] = [];
    for (const items of split(open)) {
      const ended = await sendItems(send, items, round, Math.max(1, deadline - Date.now()));
      for (const item of items) {
        const result = ended.get(item) ?? missing(round);
        results[item.at] = result;
        // A request that failed as a whole has been retried by `send` already, up to the same deadline.
        if (!result.ok && result.error.status !== undefined && isWorthRetrying(result.error.status)) again.push(item);
      }
    }
    const delay = retryDelay(round, null, { random });
    if (Date.now() + delay >= deadline) break;
    open = again;
    if (open.length > 0) await new Promise((resolve) => setTimeout(resolve, delay));
  }
  return results as BatchResults<Calls>;
}

/** Cuts a list of calls where the server's limits of a batch are reached. */
export function split<Part extends { call: ApiCall<unknown> }>(items: readonly Part[]): Part[][] {
  const parts: Part[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = new TextEncoder().encode(JSON.stringify(item.call.body)).length + item.call.path.length + 128;
    const last = parts.at(-1);
    if (last === undefined || last.length === MAX_ITEMS || bytes + size > MAX_BYTES) {
      parts.push([item]);
      bytes = size;
    } else {
      last.push(item);
      bytes += size;
    }
  }
  return parts;
}

async function sendItems(
  send: Send,
  items: Item[],
  attempts: number,
  deadlineMs: number,
): Promise<Map<Item, BatchResult<unknown>>> {
  const body = {
    items: items.map(({ call, idempotencyKey }) => ({ path: call.path, body: call.body, idempotencyKey })),
  };
  const { path, answer } = connectionCalls.batch;
  const request: ApiCall<AnswerOf<typeof connectionCalls.batch>> = {
    method: "POST",
    path,
    body,
    answer: answer.schema,
  };
  try {
    const { results } = await send(request, { deadlineMs, attemptMs: deadlineMs }); // a thousand calls take their time
    return new Map(items.map((item, at) => [item, resultOf(item.call, results[at], attempts)]));
  } catch (error) {
    if (!(error instanceof PublishError)) throw error;
    return new Map(items.map((item) => [item, { ok: false, error }]));
  }
}

function resultOf(
  call: ApiCall<unknown>,
  result: { status: number; body?: unknown } | undefined,
  attempts: number,
): BatchResult<unknown> {
  if (result === undefined) return missing(attempts);
  const { status, body } = result;
  if (status >= 300) return { ok: false, error: refused(status, body ?? {}, attempts) };
  const answer = call.answer.safeParse(body);
  if (answer.success) return { ok: true, value: answer.data };
  const message = `${call.path} was carried out, but its answer is not what this version knows`;
  return { ok: false, error: new PublishError("SERVER_ERROR", message, { status, attempts, cause: answer.error }) };
}

function missing(attempts: number): BatchResult<never> {
  const error = new PublishError("NO_ANSWER", "the server left this call out of its answer", {
    status: undefined,
    attempts,
  });
  return { ok: false, error };
}
