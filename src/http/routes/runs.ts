// Routes about running code: whose a run session is, and what came out of it.
import { z } from "zod";
import { sessionId } from "../../contract/ids.ts";
import { runResult } from "../../contract/messaging.ts";
import { runSessionBody } from "../../contract/runs.ts";
import type { Control } from "../../realtime/control.ts";
import type { Services } from "../../services/services.ts";
import { type Route, route } from "../route.ts";

/** Makes them. */
export function runRoutes(
  { runSessions, runResults }: Pick<Services, "runSessions" | "runResults">,
  control: Pick<Control, "sessionRegistered">,
): Route[] {
  return [
    route({
      method: "post",
      path: "/api/v1/run-sessions",
      tag: "Running code",
      summary: "Registers a run session for a user, who may then subscribe to run-results/<sessionId>",
      access: "self",
      body: runSessionBody,
      answer: {
        status: 201,
        description:
          "Committed: the session's id, a new one where none was given. The same again by the same user is fine",
        schema: z.object({ sessionId }),
      },
      fails: ["CONFLICT"],
      about: ({ body }) => body.userId,
      async handle({ body, eventKey }) {
        const registered = await runSessions.register(body.sessionId, body.userId, eventKey);
        control.sessionRegistered(registered.sessionId, body.userId);
        return { sessionId: registered.sessionId };
      },
    }),
    route({
      method: "post",
      path: "/api/v1/run-results/:sessionId",
      tag: "Running code",
      summary: "Pushes the result of a run. A session that nobody has registered keeps it until somebody does",
      access: "backend",
      params: z.object({ sessionId }),
      body: runResult,
      answer: {
        status: 201,
        description: "Committed: where it is in the log",
        schema: z.object({ channel: z.string(), offset: z.int() }),
      },
      async handle({ params, body, eventKey }) {
        const { event } = await runResults.push(params.sessionId, body, eventKey);
        return { channel: event.channel, offset: event.offset };
      },
    }),
  ];
}
