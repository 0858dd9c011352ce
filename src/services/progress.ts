// Progress: a chapter is completed or reopened, saved and told in one transaction.
import type { z } from "zod";
import type { ProgressUpdated, progressBody } from "../contract/dashboard.ts";
import type { AppendShape, EventLog } from "../event-log/event-log.ts";
import { appendStatement } from "../event-log/statement.ts";
import {
  type AboutChapter,
  aboutChapter,
  type ChapterRow,
  chapterAnswer,
  chapterAppending,
  chapterParameters,
  givenChapters,
  KEYS_PARAMETER,
} from "./chapter-events.ts";

/** @see progressBody */
export type ProgressBody = z.infer<typeof progressBody>;

/** What a progress call came to: the data of its event, and whether there was anything to tell. */
export interface ProgressSet {
  data: ProgressUpdated;
  changed: boolean;
}

/** What learners have completed. */
export interface ProgressService {
  /**
   * Saves whether a chapter is completed, and appends `progress_updated` to the user's dashboard channel if that is a change.
   * A chapter that was never reported counts as not completed: to report it as not completed changes nothing. With a `key` that
   * was used before nothing is saved, and the first event is the answer. Rejects with `NOT_FOUND` or `SERVER_ERROR`.
   */
  set(body: ProgressBody, key?: string): Promise<ProgressSet>;
}

type Item = AboutChapter<ProgressBody>;
type Row = ChapterRow<ProgressUpdated>;

// `saved` has the rows that were written: an update that would change nothing is left out by its WHERE. xmax is 0 in a row that
// is new, which tells something only if it is completed.
const SQL = appendStatement({
  keysParameter: KEYS_PARAMETER,
  ctes: `${givenChapters({ completed: "boolean[]" })}, saved AS (
  INSERT INTO chapter_progress AS p (user_id, topic_id, chapter_id, completed, updated_at)
  SELECT user_id, topic_id, chapter_id, completed, at FROM named ORDER BY user_id, topic_id, chapter_id
  ON CONFLICT (user_id, topic_id, chapter_id) DO UPDATE SET completed = EXCLUDED.completed, updated_at = EXCLUDED.updated_at
  WHERE p.completed <> EXCLUDED.completed
  RETURNING p.user_id, p.topic_id, p.chapter_id, (p.completed OR p.xmax <> 0) AS changed
), told AS MATERIALIZED (
  SELECT n, json_build_object('user_id', user_id::bigint, 'topic_id', topic_id, 'topic_display_name', topic_name,
    'chapter_id', chapter_id, 'chapter_display_name', chapter_name, 'completed', completed, 'timestamp', told_at) AS data
  FROM named
), outgoing AS (
  SELECT g.n, g.channel, g.id, 'progress_updated' AS event, t.data, g.key, g.at
  FROM named g JOIN told t ON t.n = g.n
  JOIN saved s ON s.user_id = g.user_id AND s.topic_id = g.topic_id AND s.chapter_id = g.chapter_id
  WHERE s.changed
)`,
  answer: chapterAnswer("told", "progress_updated"),
});

const shape: AppendShape<Item, Row, ProgressSet> = {
  sql: SQL,
  parameters: (items) => [...chapterParameters(items), items.map(({ body }) => body.completed)],
  answers: (_items, rows) => rows.map((row) => chapterAppending(row, (data, changed) => ({ data, changed }))),
  conflictKeys({ body, key }) {
    const row = `${body.user_id}/${body.topic_id}/${body.chapter_id}`;
    return key === undefined ? [row] : [row, `key ${key}`];
  },
  sizeOf: () => 1_000,
};

/** Creates the service that saves progress and appends its events to the log, both in one transaction. */
export function createProgress(eventLog: EventLog): ProgressService {
  const save = eventLog.appender(shape);
  return {
    async set(body, key) {
      const result = await save(aboutChapter(body, key));
      if (result.changed || key === undefined) return result;
      // Perhaps unchanged because another node used the key in this very moment: now its event is to be seen.
      return save(aboutChapter(body, key));
    },
  };
}
