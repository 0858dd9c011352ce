// The route of batches.
import { connectionCalls } from "../../contract/operations.ts";
import { isKept } from "../../services/idempotency.ts";
import type { ExecuteBatch } from "../batch.ts";
import { Reply, type Route, route } from "../route.ts";

/** Creates the route that carries out a batch. */
export function batchRoute(execute: ExecuteBatch): Route {
  return route(connectionCalls.batch, {
    bodyLimit: "batchBody",
    async handle({ body, identity, eventKey }) {
      const results = await execute(body.items, identity, eventKey);
      const areKept = results.every(({ status }) => isKept(status));
      return new Reply(200, { results }, {}, areKept);
    },
  });
}
