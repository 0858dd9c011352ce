// Routes about running code: whose a run session is, and what came out of it.
import { isPrivileged } from "../../contract/identity.ts";
import { runCalls } from "../../contract/runs.ts";
import type { Control } from "../../realtime/control.ts";
import type { Services } from "../../services/services.ts";
import { type Route, route } from "../route.ts";

/** Creates the routes of run sessions and their results. */
export function runRoutes(
  { runSessions, runResults }: Pick<Services, "runSessions" | "runResults">,
  control: Pick<Control, "sessionRegistered">,
): Route[] {
  return [
    route(runCalls.registerRunSession, {
      about: ({ body }) => body.userId,
      async handle({ body, eventKey, identity }) {
        const by = identity !== undefined && isPrivileged(identity) ? "backend" : "user";
        const { sessionId: session, userId: user } = body;
        const registered = await runSessions.register({ session, user, key: eventKey, by });
        control.sessionRegistered(registered.sessionId, body.userId);
        return { sessionId: registered.sessionId };
      },
    }),
    route(runCalls.pushRunResult, {
      async handle({ params, body, eventKey }) {
        const { event } = await runResults.push(params.sessionId, body, eventKey);
        return { channel: event.channel, offset: event.offset };
      },
    }),
  ];
}
