// Dashboards: the snapshot of everything that one shows, true at one offset of its channel, and events that save nothing besides.
import { channelOf } from "../contract/channel-names.ts";
import type { dashboard, QuizCompleted, Snapshot } from "../contract/dashboard.ts";
import type { DurableEvents } from "../contract/namespaces.ts";
import type { DurableEventName } from "../contract/rows.ts";
import { rfc3339 } from "../contract/time.ts";
import type { Appended, EventLog, NewEvent } from "../event-log/event-log.ts";
import { OFFSET_FLOOR } from "../event-log/offset-floor.ts";
import { epochMillis } from "../event-log/statement.ts";
import type { Store } from "../store/store.ts";

/** What a dashboard starts from. */
export interface DashboardService {
  /** Totals, topics in their order and the newest five quizzes, together with the offset after which events go on from there. */
  snapshot(user: string): Promise<Snapshot>;
  /**
   * Appends an event to the user's dashboard channel, for events with which nothing else is saved. The same `key` again is the
   * same event.
   */
  publish<Name extends DurableEventName<typeof dashboard>>(
    user: string,
    event: Name,
    data: DurableEvents[Name],
    key?: string,
  ): Promise<Appended>;
}

interface Row {
  offset: number;
  topics: Snapshot["topics"];
  quizzes: (Omit<QuizCompleted, "timestamp"> & { at: number })[];
}

// One statement sees one state of the database. As each save takes its offset in its own transaction, the offset fits the totals.
const SQL = `SELECT coalesce((SELECT head FROM channels WHERE name = $2), ${OFFSET_FLOOR}) AS "offset",
  (SELECT coalesce(json_agg(json_build_object('topic_id', t.id, 'topic_display_name', t.display_name,
      'completedChapters', coalesce(p.completed, 0), 'totalChapters', coalesce(c.total, 0)) ORDER BY t.position, t.id), '[]')
    FROM topics t
    LEFT JOIN (SELECT topic_id, count(*) AS total FROM chapters GROUP BY topic_id) c ON c.topic_id = t.id
    LEFT JOIN (SELECT topic_id, count(*) AS completed FROM chapter_progress WHERE user_id = $1 AND completed GROUP BY topic_id) p
      ON p.topic_id = t.id) AS topics,
  (SELECT coalesce(json_agg(json_build_object('user_id', q.user_id::bigint, 'quiz_id', q.id, 'topic_id', q.topic_id,
      'topic_display_name', t.display_name, 'chapter_id', q.chapter_id, 'chapter_display_name', c.display_name,
      'score', q.score, 'total_questions', q.total_questions, 'passed', q.passed, 'at', ${epochMillis("q.created_at")})
      ORDER BY q.id DESC), '[]')
    FROM (SELECT * FROM quiz_results WHERE user_id = $1 ORDER BY id DESC LIMIT 5) q
    JOIN chapters c ON c.topic_id = q.topic_id AND c.id = q.chapter_id JOIN topics t ON t.id = c.topic_id) AS quizzes`;

/** Creates the service that reads dashboards from a store, and appends to them. */
export function createDashboard(store: Store, eventLog: EventLog): DashboardService {
  return {
    publish(user, event, data, key) {
      const given = { channel: channelOf.dashboard(user), event, data, ...(key === undefined ? {} : { key }) };
      return eventLog.append(given as NewEvent); // its parts are typed by one name
    },
    async snapshot(user) {
      const [row] = await store.query<Row>(SQL, [user, channelOf.dashboard(user)]);
      const { topics, quizzes, offset } = row ?? { topics: [], quizzes: [], offset: 0 };
      const sum = (field: "completedChapters" | "totalChapters") =>
        topics.reduce((total, topic) => total + topic[field], 0);
      return {
        stats: { completedChapters: sum("completedChapters"), totalChapters: sum("totalChapters") },
        topics,
        recent_quizzes: quizzes.map(({ at, ...quiz }) => ({ ...quiz, timestamp: rfc3339(new Date(at)) })),
        offset,
      };
    },
  };
}
