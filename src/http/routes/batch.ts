// The route of batches.
import { z } from "zod";
import { batchBody } from "../../contract/operations.ts";
import { isKept } from "../../services/idempotency.ts";
import type { PerformBatch } from "../batch.ts";
import { Reply } from "../reply.ts";
import { type Route, route } from "../route.ts";

/** Makes it. */
export function batchRoute(perform: PerformBatch): Route {
  return route({
    method: "post",
    path: "/api/v1/batch",
    tag: "Batch",
    summary:
      "Up to 1 000 POSTs of this API in one call, committed together where they can be; one that fails, fails alone",
    access: "backend",
    body: batchBody,
    bodyLimit: "batchBody",
    answer: {
      status: 200,
      description: "What each call is answered with, in order",
      schema: z.object({ results: z.array(z.object({ status: z.int(), body: z.unknown() })) }),
    },
    async handle({ body, identity, eventKey }) {
      const results = await perform(body.items, identity, eventKey);
      const areKept = results.every(({ status }) => isKept(status));
      return new Reply(200, { results }, {}, areKept);
    },
  });
}
