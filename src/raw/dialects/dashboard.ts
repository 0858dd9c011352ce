// The dashboard dialect: `{"type",…}` for the connection's own matters, `{"event","data"}` for what happened.
import type { dashboard as rows } from "../../contract/dashboard.ts";
import { rfc3339 } from "../../contract/time.ts";
import { createCodec, type Dialect } from "../codec.ts";

const codec = createCodec<typeof rows>({
  frames: {
    ping: () => ({ event: "ping" }),
    auth: ({ token }) => ({ event: "refresh_token", payload: { token } }),
  },
  events: {
    connected: ({ message, timestamp }, now) => ({ type: "connection", message, timestamp: timestamp ?? iso(now) }),
    progress_updated: (data) => ({ event: "progress_updated", data }),
    quiz_completed: (data) => ({ event: "quiz_completed", data }),
    close: ({ reason, timestamp }, now) => ({ type: "close", reason, timestamp: timestamp ?? iso(now) }),
    error: ({ code, message, timestamp }, now) => ({ type: "error", code, message, timestamp: timestamp ?? iso(now) }),
  },
  answers: {
    ping: ({ timestamp }, now) => ({ type: "pong", timestamp: timestamp ?? iso(now) }),
  },
  error: ({ code, message }, now) => ({ type: "error", code, message, timestamp: iso(now) }),
});

function iso(now: number): string {
  return rfc3339(new Date(now));
}

/** `/api/v1/ws/dashboard?token=` */
export const dashboard: Dialect = {
  path: "/api/v1/ws/dashboard",
  namespace: "/dashboard",
  traits: {
    speaks: "dashboard",
    limit: "dashboard",
    displaced: "wait",
    subscribes: [],
    acknowledges: "pong",
    queryUser: "never",
    resumes: true,
  },
  codec,
  refusal: "frame",
  lingers: true,
  authFrame: true,
};
