// Type tests of routes: what does not fit its row must not compile. `npm run typecheck` is the test; nothing here is run.
import { dashboardCalls, snapshotExample } from "../../src/contract/dashboard.ts";
import { connectionCalls } from "../../src/contract/operations.ts";
import { publishingCalls } from "../../src/contract/publishing.ts";
import { Reply, type Route, route } from "../../src/http/route.ts";

const accepted = { accepted: true } as const;

/** Routes of rows, each in its ways. */
export const routes: Route[] = [
  route(connectionCalls.disconnectUser, { handle: async () => accepted }),
  route(connectionCalls.disconnectUser, { handle: async () => new Reply(200, accepted) }),
  // @ts-expect-error the answer has another form
  route(connectionCalls.disconnectUser, { handle: async () => ({ accepted: "yes" }) }),
  // @ts-expect-error so has the body of a whole reply
  route(connectionCalls.disconnectUser, { handle: async () => new Reply(200, { ok: true }) }),
  // @ts-expect-error nothing is no answer
  route(connectionCalls.disconnectUser, { handle: async () => undefined }),
  route(publishingCalls.sendToRoom, {
    // @ts-expect-error the path has no such parameter
    handle: async ({ params }) => ({ id: params.userId, offset: 1 }),
  }),
  route(publishingCalls.sendSystem, {
    async handle({ body, query }) {
      // @ts-expect-error a level of the table
      if (body.level === "fatal") return accepted;
      // @ts-expect-error the row has no query
      return query.since === undefined ? accepted : accepted;
    },
  }),
  route(dashboardCalls.getDashboard, { about: ({ params }) => params.userId, handle: async () => snapshotExample }),
  // @ts-expect-error a call that a user may make for themselves says whom it is about
  route(dashboardCalls.getDashboard, { handle: async () => snapshotExample }),
  // @ts-expect-error only such a call
  route(connectionCalls.disconnectUser, { about: ({ body }) => body.userId, handle: async () => accepted }),
];
