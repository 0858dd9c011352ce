// The events of `/dashboard`.
import { z } from "zod";
import {
  type DashboardClientEvents,
  type DashboardServerEvents,
  progressUpdated,
  quizCompleted,
  snapshot,
} from "../../contract/dashboard.ts";
import { refreshToken } from "../../contract/identity.ts";
import type { ClientEventTable, DocumentedNamespace, ServerEventTable } from "./event.ts";
import { closeNotice, errorFrame, nothing } from "./shared-schemas.ts";

const server: ServerEventTable<DashboardServerEvents> = {
  connected: {
    summary: "The first event. offset and recovered only where auth.since was given",
    payload: z.object({
      message: z.literal("连接成功"),
      userId: z.string(),
      timestamp: z.string(),
      epoch: z.string(),
      offset: z.int().exactOptional(),
      recovered: z.boolean().exactOptional(),
    }),
  },
  progress_updated: { summary: "A chapter was completed or reopened", payload: progressUpdated, durable: true },
  quiz_completed: { summary: "A quiz was scored", payload: quizCompleted, durable: true },
  close: { summary: "Comes before the server disconnects", payload: closeNotice },
  error: { summary: "What went wrong", payload: errorFrame },
};

const client: ClientEventTable<DashboardClientEvents> = {
  ping: { summary: "Asks for a sign of life", ack: z.object({ timestamp: z.string() }) },
  snapshot: { summary: "Asks for everything that a dashboard shows, true at an offset", ack: snapshot },
  refresh_token: { summary: "Goes on with a new token of the same user", payload: refreshToken, ack: nothing },
};

/** The namespace with all its events. */
export const dashboardNamespace: DocumentedNamespace = {
  name: "/dashboard",
  description: "What a learner's dashboard shows, live. The newest connection of a user wins. Timestamps are RFC 3339.",
  server,
  client,
};
