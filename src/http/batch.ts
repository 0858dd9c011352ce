// A batch: many calls in one, performed side by side as far as their order allows, so that they are committed together.
import type { z } from "zod";
import { Failure } from "../contract/errors.ts";
import type { Identity } from "../contract/identity.ts";
import type { batchBody } from "../contract/operations.ts";
import { failureOf, replyOf } from "./failures.ts";
import { createFinder } from "./finder.ts";
import { createLanes } from "./lanes.ts";
import type { Perform } from "./perform.ts";
import type { Reply } from "./reply.ts";
import type { Route } from "./route.ts";

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
  perform: Perform;
  /** The largest body of one call, in bytes of JSON. */
  maxItemBytes: number;
  /** Told of every call that failed through no fault of the caller's. */
  onFault: (path: string, error: unknown) => void;
}

/** Performs the calls; results in their order. One that fails, fails alone. */
export type PerformBatch = (
  items: readonly BatchItem[],
  identity: Identity | undefined,
  eventKey: string | undefined,
) => Promise<BatchResult[]>;

/** Makes it. */
export function createBatch({ routes, perform, maxItemBytes, onFault }: BatchOptions): PerformBatch {
  const find = createFinder(routes.filter((route) => route.method === "post"));

  return (items, identity, eventKey) => {
    const lanes = createLanes();
    let previous = Promise.resolve();

    /** Every call begins after the one before it has begun: the log keeps what comes to it in that order. */
    async function performOne(item: BatchItem, at: number): Promise<Reply> {
      const before = previous;
      let begin: () => void = () => undefined;
      previous = new Promise((resolve) => {
        begin = resolve;
      });
      try {
        const found = find(item.path);
        if (found === undefined) throw new Failure("NOT_FOUND", "path: no POST of this API");
        if (Buffer.byteLength(JSON.stringify(item.body)) > maxItemBytes) throw new Failure("TOO_LARGE");
        return await perform(found.route, {
          params: found.params,
          query: {},
          body: item.body,
          identity,
          idempotencyKey: item.idempotencyKey,
          eventKey: eventKey === undefined ? undefined : `${eventKey}/${at}`,
          turn: async ({ order }, work) => {
            await before;
            const reply = lanes.run(found.route, order, work);
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
        const { status, body } = await performOne(item, at).catch((error: unknown) => {
          const failure = failureOf(error);
          if (failure !== error && failure.code === "SERVER_ERROR") onFault(item.path, error);
          return replyOf(failure);
        });
        return { status, body };
      }),
    );
  };
}
