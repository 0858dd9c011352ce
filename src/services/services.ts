// Services: the rules of the platform over the database and the log. They return values and know nothing of connections.
import type { EventLog } from "../event-log/event-log.ts";
import type { Store } from "../store/store.ts";
import { type Catalogue, createCatalogue } from "./catalogue.ts";
import { createDashboard, type DashboardService } from "./dashboard.ts";
import { createIdempotency, type Idempotency } from "./idempotency.ts";
import { createMessages, type Messages } from "./messages.ts";
import { createNotifications, type Notifications } from "./notifications.ts";
import { createProgress, type ProgressService } from "./progress.ts";
import { createQuizzes, type QuizService } from "./quizzes.ts";
import { createRunResults, type RunResults } from "./run-results.ts";
import { createRunSessions, type RunSessionService } from "./run-sessions.ts";
import { createStudyTime, type StudyTimeService } from "./study-time.ts";

/** Everything that the namespaces and the HTTP API do. */
export interface Services {
  readonly catalogue: Catalogue;
  readonly progress: ProgressService;
  readonly quizzes: QuizService;
  readonly dashboard: DashboardService;
  readonly runSessions: RunSessionService;
  readonly runResults: RunResults;
  readonly notifications: Notifications;
  readonly messages: Messages;
  readonly studyTime: StudyTimeService;
  readonly idempotency: Idempotency;
}

/** What the services stand on. */
export interface ServicesOptions {
  store: Store;
  eventLog: EventLog;
}

/** Creates the services of one node. `studyTime.close()` and `idempotency.close()` end what they hold back; the log flushes what they append. */
export function createServices({ store, eventLog }: ServicesOptions): Services {
  return {
    catalogue: createCatalogue({ store }),
    progress: createProgress(eventLog),
    quizzes: createQuizzes(eventLog),
    dashboard: createDashboard(store, eventLog),
    runSessions: createRunSessions(store),
    runResults: createRunResults({ eventLog }),
    notifications: createNotifications({ eventLog }),
    messages: createMessages({ eventLog }),
    studyTime: createStudyTime(store),
    idempotency: createIdempotency({ store }),
  };
}
