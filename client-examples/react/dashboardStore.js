// The dashboard as an external store: a snapshot from the server, kept up to date by events. Knows nothing of React.

/**
 * @typedef {{status: "connecting" | "live" | "reconnecting" | "closed", error: Error | undefined,
 *   stats: {completedChapters: number, totalChapters: number} | undefined,
 *   topics: object[], quizzes: {quiz_id: number}[]}} DashboardState
 */

/** @type {DashboardState} */
const EMPTY = { status: "connecting", stats: undefined, topics: [], quizzes: [], error: undefined };

/**
 * Makes the store; it connects while somebody uses it.
 * @param {import("classwire/client").Client} client
 */
export function createDashboardStore(client) {
  const subscribers = new Set();
  /** @type {DashboardState} */
  let state = EMPTY;
  let users = 0;
  let dashboard;

  function change(part) {
    state = { ...state, ...part };
    for (const subscriber of subscribers) subscriber();
  }

  /** Totals come from the server: adding them up here would need to know what was counted before. */
  async function refresh() {
    const { stats, topics, recent_quizzes } = await dashboard.snapshot();
    change({ status: "live", stats, topics, quizzes: recent_quizzes });
  }

  function connect() {
    dashboard = client.dashboard();
    dashboard.on("connected", () => void refresh().catch(() => undefined)); // a cut in between: the next one refreshes
    dashboard.on("progress_updated", refresh); // tried again by the client if it fails
    dashboard.on("quiz_completed", (quiz) => {
      const others = state.quizzes.filter(({ quiz_id }) => quiz_id !== quiz.quiz_id);
      change({ quizzes: [quiz, ...others].slice(0, 5) });
    });
    dashboard.on("disconnected", () => change({ status: "reconnecting" }));
    dashboard.on("closed", ({ error }) => change({ status: "closed", error }));
  }

  return {
    read: () => state,
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
    /** Says that somebody needs the dashboard; returns how to say that they do not any more. */
    use() {
      if (users++ === 0) connect();
      return () => {
        // React's strict mode unmounts and mounts at once: only a real end closes the connection.
        setTimeout(() => {
          if (--users === 0) void dashboard.close();
        });
      };
    },
  };
}
