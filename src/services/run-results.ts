// Results of running a learner's code, kept in the channel of the run session.
import { channelOf } from "../contract/channel-names.ts";
import type { RunResult } from "../contract/messaging.ts";
import type { Appended, EventLog } from "../event-log/event-log.ts";

/** Takes results from the machines that run code. */
export interface RunResults {
  /**
   * Appends a result to the session's channel. A session that nobody has registered keeps its results until somebody does.
   * @param key the same key again is the same event
   */
  push(session: string, result: RunResult, key?: string): Promise<Appended>;
}

/** Creates the service that appends run results to the log. The append is enqueued before `push` returns, so calls keep their order. */
export function createRunResults({ eventLog }: { eventLog: EventLog }): RunResults {
  return {
    push(session, { stdout, stderr, exitCode, duration }, key) {
      return eventLog.append({
        channel: channelOf.runResults(session),
        event: "run-results",
        data: { stdout, stderr, exitCode, duration },
        ...(key === undefined ? {} : { key }),
      });
    },
  };
}
