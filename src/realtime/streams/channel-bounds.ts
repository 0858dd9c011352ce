// Bounds of channels (oldest offset, head), asked for one by one and read together: after a restart every client asks at once.
import type { ChannelBounds, EventLog } from "../../event-log/event-log.ts";
import { createGroupCommit } from "../../store/batching/group-commit.ts";

/** What a channel keeps at this moment. Rejects when the log cannot be read. */
export type ReadBounds = (channel: string) => Promise<ChannelBounds>;

/** Creates the reader. Requests that arrive while a query runs are answered together by the next one. */
export function createBoundsReader(eventLog: Pick<EventLog, "heads">): ReadBounds {
  const questions = createGroupCommit<string, ChannelBounds>({
    async commit(channels) {
      const bounds = await eventLog.heads(channels);
      return channels.map((channel) => bounds.get(channel) ?? NOTHING);
    },
    concurrency: 2,
    maxItems: 500,
    maxWaitMs: 5000,
    maxQueued: 50_000,
  });
  return (channel) => questions.add(channel);
}

/** A channel that has never had an event. */
const NOTHING: ChannelBounds = { head: 0, oldest: 1 };
