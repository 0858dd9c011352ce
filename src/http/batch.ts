// A batch: many calls in one, executed side by side as far as their order allows, so that they are committed together.
import { match } from "path-to-regexp";
import type { z } from "zod";
import { Failure } from "../contract/errors.ts";
import type { Identity } from "../contract/identity.ts";
import type { batchBody } from "../contract/operations.ts";
import { invalidField } from "../contract/parse.ts";
import { type Execute, failureOf, replyOf } from "./execute.ts";
import type { Order, Reply, Route } from "./route.ts";

/** One call of a batch. */
export type BatchItem = z.infer<typeof batchBody>["items"][number];

/** What one call of a batch is answered with. */
export interface BatchResult {
  status: number;
  body: unknown;
}

/** What batches are made of. */
export interface BatchOptions {
  /** The routes that may stand in a batch: those with POST. */
  routes: readonly Route[];
  execute: Execute;
  /** The largest body of one call, in bytes of JSON. */
  maxItemBytes: number;
  /** Told of every call that failed through no fault of the caller's. */
  onFault: (path: string, error: unknown) => void;
}

/** Executes the calls; results in their order. One that fails, fails alone. */
export type ExecuteBatch = (
  items: readonly BatchItem[],
  identity: Identity | undefined,
  eventKey: string | undefined,
) => Promise<BatchResult[]>;

/** Creates the function that carries out a batch: its calls in their order, together where that changes nothing. */
export function createBatch({ routes, execute, maxItemBytes, onFault }: BatchOptions): ExecuteBatch {
  const find = createRouteMatcher(routes.filter(({ row }) => row.method === "post"));

  return (items, identity, eventKey) => {
    const ordered = new OrderedExecution();
    let previous = Promise.resolve();

    /** Every call begins after the one before it has begun: the log keeps what comes to it in that order. */
    async function executeOne(item: BatchItem, at: number): Promise<Reply> {
      const before = previous;
      let begin: () => void = () => undefined;
      previous = new Promise((resolve) => {
        begin = resolve;
      });
      try {
        const found = find(item.path);
        if (found === undefined) throw new Failure("NOT_FOUND", "path must be that of a POST of this API");
        if (Buffer.byteLength(JSON.stringify(item.body)) > maxItemBytes) throw new Failure("TOO_LARGE");
        return await execute(found.route, {
          params: found.params,
          query: {},
          body: item.body,
          identity,
          idempotencyKey: item.idempotencyKey,
          eventKey: eventKey === undefined ? undefined : `${eventKey}/${at}`,
          inOrder: async ({ order }, work) => {
            await before;
            const reply = ordered.run(found.route, order, work);
            begin();
            return reply;
          },
        });
      } finally {
        void before.then(begin);
      }
    }

    return Promise.all(
      items.map(async (item, at) => {
        const { status, body } = await executeOne(item, at).catch((error: unknown) => {
          const failure = failureOf(error);
          if (failure !== error && failure.code === "SERVER_ERROR") onFault(item.path, error);
          return replyOf(failure);
        });
        return { status, body };
      }),
    );
  };
}

interface Matched {
  route: Route;
  params: Record<string, string>;
}

/** Finds the route of a path, written just as it is documented. @throws Failure INVALID_MESSAGE for a broken percent-encoding */
function createRouteMatcher(routes: readonly Route[]): (path: string) => Matched | undefined {
  const matchers = routes.map((route) => ({
    route,
    matches: match<Record<string, string>>(route.row.path, { decode, sensitive: true, trailing: false }),
  }));
  return (path) => {
    for (const { route, matches } of matchers) {
      const found = matches(path);
      if (found !== false) return { route, params: { ...found.params } };
    }
    return undefined;
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalidField("path", "must be valid percent-encoding");
  }
}

/** Calls of one queue that may run side by side. */
interface Wave {
  route: Route;
  /** Ends when the wave before has ended. */
  before: Promise<unknown>;
  conflictKeys: Set<string>;
  running: Promise<unknown>[];
}

/** Runs the work of one batch queue by queue. Neighbours of one route that do not conflict run side by side. */
class OrderedExecution {
  readonly #last = new Map<string, Wave>();

  /** Runs it at once, or after what its queue has begun before. */
  run<Result>(route: Route, order: Order | undefined, work: () => Promise<Result>): Promise<Result> {
    if (order === undefined) return work();
    const { queue, conflictKey } = order;
    let wave = this.#last.get(queue);
    if (
      wave === undefined ||
      wave.route !== route ||
      (conflictKey !== undefined && wave.conflictKeys.has(conflictKey))
    ) {
      wave = { route, before: Promise.allSettled(wave?.running ?? []), conflictKeys: new Set(), running: [] };
      this.#last.set(queue, wave);
    }
    if (conflictKey !== undefined) wave.conflictKeys.add(conflictKey);
    const result = wave.before.then(work);
    wave.running.push(result);
    return result;
  }
}
