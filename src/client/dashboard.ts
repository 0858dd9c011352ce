// The handle of `/dashboard`: a learner's progress and quizzes, none twice and none missing.
import type { DashboardConnected, DashboardServerEvents, Snapshot } from "../contract/dashboard.ts";
import { createCore } from "./durable-handle.ts";
import type { ArgumentsOf, Listener } from "./events.ts";
import type { LifecycleEvents, State } from "./lifecycle.ts";
import type { Context } from "./options.ts";
import type { Stream } from "./stream.ts";
import type { Ending, Opened } from "./succession.ts";

/** Events of a dashboard, with their arguments. */
export type DashboardEvents = ArgumentsOf<DashboardServerEvents & LifecycleEvents>;

/** One user's dashboard. */
export interface DashboardClient {
  readonly state: State;
  /**
   * Adds a listener; returns how to take it away. Durable events wait for what their listeners return.
   * @example
   * const stop = dashboard.on("quiz_completed", ({ score, total_questions }, { offset }) => {
   *   console.log(`#${offset}: ${score} of ${total_questions}`);
   * });
   * stop();
   */
  on<Event extends keyof DashboardEvents>(event: Event, listener: Listener<DashboardEvents[Event]>): () => void;
  /**
   * Totals, topics and the newest quizzes, true at its `offset`.
   * @example
   * const { stats, recent_quizzes } = await dashboard.snapshot();
   * console.log(`${stats.completedChapters} of ${stats.totalChapters} chapters, ${recent_quizzes.length} quizzes`);
   */
  snapshot(): Promise<Snapshot>;
  /**
   * The server's time (RFC 3339).
   * @example
   * console.log(await dashboard.ping()); // 2025-12-26T14:05:30+08:00
   */
  ping(): Promise<string>;
  /**
   * Disconnects after the listeners that run.
   * @example
   * await dashboard.close();
   */
  close(): Promise<void>;
}

/** Connects to `/dashboard`, when the handle before it has ended. */
export function createDashboard(context: Context, before?: Ending): Opened<DashboardClient> {
  let channel = "";
  let stream: Stream | undefined;
  const core = createCore(context, {
    namespace: "/dashboard",
    async handshake(core, { user }) {
      channel = `dashboard/${user}`; // ids are whole numbers here: nothing to encode
      stream = await core.streams?.open(channel);
      const since = stream?.since;
      return since === undefined ? {} : { since: since.offset, epoch: since.epoch };
    },
    async restore(core, payload) {
      const { recovered } = payload as unknown as DashboardConnected;
      if (recovered === false) {
        core.emit("unrecovered", { channel, since: stream?.since?.offset ?? 0 });
        stream?.startAnywhere();
      }
      // Without a position the connection starts at the head: where that is, the snapshot says.
      if (stream?.since === undefined) stream?.startAfter((await core.session.ask<Snapshot>("snapshot")).offset);
    },
    // The dashboard has no subscribe: a new handshake says from where.
    resubscribe: (core) => core.session.restart("an event was missing"),
    handled: () => undefined, // nor acks: the offset is the client's to keep
  });
  core.start(before);
  const handle: DashboardClient = {
    get state() {
      return core.state;
    },
    on: (event, listener) => core.events.on(event, listener as Listener<readonly unknown[]>),
    snapshot: () => core.session.request<Snapshot>("snapshot"),
    ping: async () => (await core.session.request<{ timestamp: string }>("ping")).timestamp,
    close: () => core.close(),
  };
  return { handle, ending: core.ending };
}
