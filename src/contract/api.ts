// The HTTP API: every call by its name.
import type { CallRow } from "./calls.ts";
import { catalogueCalls } from "./catalogue.ts";
import { dashboardCalls } from "./dashboard.ts";
import { connectionCalls, operationCalls } from "./operations.ts";
import { publishingCalls } from "./publishing.ts";
import { runCalls } from "./runs.ts";
import { studyTimeCalls } from "./study-time.ts";

/** Every call of the API, in the order of the documentation. */
export const API = {
  ...dashboardCalls,
  ...studyTimeCalls,
  ...catalogueCalls,
  ...runCalls,
  ...publishingCalls,
  ...connectionCalls,
  ...operationCalls,
} as const satisfies Readonly<Record<string, CallRow>>;

/** The name of a call. */
export type OperationId = keyof typeof API;
