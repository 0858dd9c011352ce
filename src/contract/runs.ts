// Running code: the calls that say whose a run session is, and what came out of it.
import { z } from "zod";
import { calls } from "./calls.ts";
import { sessionId, userId } from "./ids.ts";
import { runResult } from "./messaging.ts";

/** `POST /api/v1/run-sessions`; without `sessionId` one is made. */
export const runSessionBody = z.object({ sessionId: sessionId.optional(), userId });

/** The calls about running code. */
export const runCalls = calls({
  registerRunSession: {
    method: "post",
    path: "/api/v1/run-sessions",
    tag: "Running code",
    summary:
      "Registers a run session for a user, who may then subscribe to run-results/<sessionId>. A backend decides, also over " +
      "what a user has registered under an id of their own choice; a user may register an id to which nothing was pushed yet",
    access: "self",
    body: runSessionBody,
    answer: {
      status: 201,
      description:
        "Committed: the session's id, a new one where none was given. The same again by the same user is fine",
      schema: z.object({ sessionId }),
    },
    fails: ["CONFLICT"],
    example: { body: { sessionId: "run-1", userId: "123" }, answer: { sessionId: "run-1" } },
  },
  pushRunResult: {
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
    example: {
      params: { sessionId: "run-1" },
      body: { stdout: "Hello\n", stderr: "", exitCode: 0, duration: 41 },
      answer: { channel: "run-results/run-1", offset: 1 },
    },
  },
});
