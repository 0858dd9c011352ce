// Where a subscription begins: by `since`, by the user's cursor, or at the head.
import type { Log } from "../../event-log/event-log.ts";
import type { ExtentOf } from "./channel-bounds.ts";

/** Where a subscriber wants to start. */
export type From =
  | { since: number; epoch: string | undefined }
  | { cursor: true; otherwise: "oldest" | "head" }
  | "head";

/** Where it does, and what that means for the client. */
export interface Start {
  /** The head of the channel at that moment. */
  readonly head: number;
  /** The offset behind which it begins. */
  readonly position: number;
  /** False when events between `since` and the first replayed one are gone, or `since` is not of this log. */
  readonly recovered: boolean;
  /** How many kept events follow before live ones. */
  readonly replayed: number;
  /** The user's cursor was looked for, and there was none. */
  readonly isNew: boolean;
}

/**
 * Finds the start. `known` is the head as this node knows it: whoever wants to start there costs no query.
 * Rejects when the database cannot be read.
 */
export async function startOf(
  channel: string,
  from: From,
  user: string,
  known: number,
  { log, extentOf }: { log: Pick<Log, "cursor" | "epoch">; extentOf: ExtentOf },
): Promise<Start> {
  if (from === "head") return { head: known, position: known, recovered: true, replayed: 0, isNew: false };
  const [{ head, oldest }, cursor] = await Promise.all([
    extentOf(channel),
    "cursor" in from ? log.cursor(user, channel) : undefined,
  ]);
  const at = (wanted: number, recovered: boolean): Start => {
    const position = Math.max(wanted, oldest - 1);
    const isNew = "cursor" in from && cursor === undefined;
    return { head, position, recovered, replayed: Math.max(0, head - position), isNew };
  };
  if ("cursor" in from) return at(cursor ?? (from.otherwise === "head" ? head : 0), true);
  const isOfThisLog = from.since <= head && (from.epoch === undefined || from.epoch === log.epoch);
  return isOfThisLog ? at(from.since, from.since >= oldest - 1) : at(0, false);
}
