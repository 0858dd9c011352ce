// Events that every namespace has: the notice before the end, errors, and a new token.
import { z } from "zod";
import { ERRORS, type ErrorCode } from "./errors.ts";
import { refreshToken } from "./identity.ts";
import { ownEvent, request } from "./rows.ts";

const codes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** An error as acks carry it. */
export const errorBody = z.object({ code: z.enum(codes), message: z.string() });

/** An error that no ack was asked for. `timestamp` is RFC 3339. */
export const errorFrame = errorBody.extend({ timestamp: z.string() });

/** What comes before the server disconnects. `timestamp` is RFC 3339. */
export const closeNotice = z.object({ reason: z.string(), timestamp: z.string() });
/** @see closeNotice */
export type CloseNotice = z.infer<typeof closeNotice>;

/** An answer that says nothing but that all is well. */
export const done = z.object({});

const timestamp = "2025-12-26T14:05:30+08:00";

/** An error event in its usual form. */
export const errorExample = { code: "INVALID_MESSAGE", message: "room is required", timestamp } as const;

/** The row of `close`. */
export const close = ownEvent(closeNotice, "Comes before the server disconnects", { reason: "replaced", timestamp });

/** The row of `error`. */
export const error = ownEvent(errorFrame, "What went wrong, where no ack was asked for", errorExample);

/** The row of `refresh_token`. */
export const refresh = request(refreshToken, done, "Goes on with a new token of the same user", {
  payload: { token: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.c2lnbmF0dXJl" },
  answer: {},
});
