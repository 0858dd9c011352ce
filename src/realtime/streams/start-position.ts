// Where a subscription begins: by `since`, by the user's cursor, or at the head.
import type { EventLog } from "../../event-log/event-log.ts";
import type { ReadBounds } from "./channel-bounds.ts";

/**
 * Where a subscriber wants to start. A channel keeps the offsets 5 to 9, and the user has acknowledged 7:
 * - `{since: 6, epoch}`: 7, 8 and 9 follow, `recovered: true`. With `since: 2` all of 5 to 9 follow, `recovered: false`, because
 *   3 and 4 are gone; so they do when `since` is beyond the head or of another epoch, which is another database.
 * - `{cursor: true}`: 8 and 9 follow. A user without a cursor gets all (`otherwise: "oldest"`) or none (`"head"`).
 * - `"head"`: nothing follows but what is new.
 */
export type StartPosition =
  | { since: number; epoch: string | undefined }
  | { cursor: true; otherwise: "oldest" | "head" }
  | "head";

/** Where a subscription starts, and what that means for the client. */
export interface SubscriptionStart {
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
export async function resolveStart(
  channel: string,
  from: StartPosition,
  user: string,
  known: number,
  { eventLog, boundsOf }: { eventLog: Pick<EventLog, "cursor" | "epoch">; boundsOf: ReadBounds },
): Promise<SubscriptionStart> {
  if (from === "head") return { head: known, position: known, recovered: true, replayed: 0, isNew: false };
  const [{ head, oldest }, cursor] = await Promise.all([
    boundsOf(channel),
    "cursor" in from ? eventLog.cursor(user, channel) : undefined,
  ]);
  const at = (wanted: number, recovered: boolean): SubscriptionStart => {
    const position = Math.max(wanted, oldest - 1);
    const isNew = "cursor" in from && cursor === undefined;
    return { head, position, recovered, replayed: Math.max(0, head - position), isNew };
  };
  // A cursor beyond the head is of events that the database has lost: what is there instead is new to this user.
  if ("cursor" in from && cursor !== undefined) return at(cursor > head ? 0 : cursor, true);
  if ("cursor" in from) return at(from.otherwise === "head" ? head : 0, true);
  const isOfThisLog = from.since <= head && (from.epoch === undefined || from.epoch === eventLog.epoch);
  return isOfThisLog ? at(from.since, from.since >= oldest - 1) : at(0, false);
}
