// The table of dialects: which path speaks what. A new dialect is one row here, its codec and its vectors.
import type { Dialect } from "../codec.ts";
import { channels } from "./channels.ts";
import { dashboard } from "./dashboard.ts";
import { gateway } from "./gateway.ts";
import { messenger } from "./messenger.ts";
import { studyTime } from "./study-time.ts";

/** All documented dialects. */
export const DIALECTS: readonly Dialect[] = [dashboard, channels, studyTime, gateway, messenger];
