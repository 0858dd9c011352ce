// Schemas that several namespaces share on their wire.
import { z } from "zod";
import { ERRORS, type ErrorCode } from "../../contract/errors.ts";

const codes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** An error frame. `timestamp` is RFC 3339. */
export const errorFrame = z.object({ code: z.enum(codes), message: z.string(), timestamp: z.string() });

/** What comes before the server disconnects. `timestamp` is RFC 3339. */
export const closeNotice = z.object({ reason: z.string(), timestamp: z.string() });

/** An ack that says nothing but that all is well. */
export const nothing = z.object({});
