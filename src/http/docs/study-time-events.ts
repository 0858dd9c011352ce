// The events of `/study-time`.
import { z } from "zod";
import { refreshToken } from "../../contract/identity.ts";
import {
  heartbeat,
  type StudyTimeClientEvents,
  type StudyTimeServerEvents,
  studied,
} from "../../contract/study-time.ts";
import type { ClientEventTable, DocumentedNamespace, ServerEventTable } from "./event.ts";
import { closeNotice, errorFrame, nothing } from "./shared-schemas.ts";

const server: ServerEventTable<StudyTimeServerEvents> = {
  connected: {
    summary: "The first event, with the time studied so far",
    payload: z.object({ ...studied.shape, epoch: z.string() }),
  },
  close: { summary: "Comes before the server disconnects", payload: closeNotice },
  error: { summary: "What went wrong", payload: errorFrame },
};

const client: ClientEventTable<StudyTimeClientEvents> = {
  heartbeat: {
    summary: "Studied up to now. Answered after the commit; the client's clock is never counted by",
    payload: heartbeat,
    ack: z.object({
      ok: z.boolean(),
      type: z.literal("heartbeat_response"),
      status: z.enum(["success", "error"]),
      studyTime: z.int(),
      error: errorFrame.omit({ timestamp: true }).exactOptional(),
    }),
  },
  refresh_token: { summary: "Goes on with a new token of the same user", payload: refreshToken, ack: nothing },
};

/** The namespace with all its events. */
export const studyTimeNamespace: DocumentedNamespace = {
  name: "/study-time",
  description:
    "Counts the seconds that a user studies a course. One connection per user and course, the newest wins. Handshake: " +
    "auth.token and auth.courseId, or the query userId and courseId.",
  server,
  client,
};
