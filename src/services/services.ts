// Services: the rules of the platform over the database and the log. They return values and know nothing of connections.
import type { Log } from "../log/log.ts";
import type { Store } from "../store/store.ts";
import { createDashboard, type DashboardService } from "./dashboard.ts";
import { createProgress, type ProgressService } from "./progress.ts";
import { createQuizzes, type QuizService } from "./quizzes.ts";
import { createRunSessions, type RunSessionService } from "./run-sessions.ts";
import { createStudyTime, type StudyTimeService } from "./study-time.ts";

/** Everything that the namespaces and the HTTP API do. */
export interface Services {
  readonly progress: ProgressService;
  readonly quizzes: QuizService;
  readonly dashboard: DashboardService;
  readonly runSessions: RunSessionService;
  readonly studyTime: StudyTimeService;
}

/** What the services stand on. */
export interface ServicesOptions {
  store: Store;
  log: Log;
}

/** Makes the services. `studyTime.close()` ends what they hold back; the log flushes what they append. */
export function createServices({ store, log }: ServicesOptions): Services {
  return {
    progress: createProgress(log),
    quizzes: createQuizzes(log),
    dashboard: createDashboard(store),
    runSessions: createRunSessions(store),
    studyTime: createStudyTime(store),
  };
}
