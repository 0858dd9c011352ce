// Quizzes: a result is saved, scored and told in one transaction.
import type { z } from "zod";
import type { QuizCompleted, quizBody } from "../contract/dashboard.ts";
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

/** @see quizBody */
export type QuizBody = z.infer<typeof quizBody>;

/** What learners have scored. */
export interface QuizService {
  /**
   * Saves a quiz and appends `quiz_completed` to the user's dashboard channel; `quiz_id` is the id of the row. With a `key` that
   * was used before: the first event's data, and nothing is saved. Rejects with `NOT_FOUND` or `SERVER_ERROR`.
   */
  add(body: QuizBody, key?: string): Promise<QuizCompleted>;
}

type Item = AboutChapter<QuizBody>;
type Row = ChapterRow<QuizCompleted>;

/** A quiz is passed with 60 % of its questions; in whole numbers, so that no rounding decides. */
const PASSED = "score::bigint * 100 >= total_questions::bigint * 60";

// The id is taken before the row is written: of two equal quizzes in one batch, RETURNING could not tell which is which.
const SQL = appendStatement({
  keysParameter: KEYS_PARAMETER,
  ctes: `${givenChapters({ score: "int[]", total_questions: "int[]" })}, numbered_quizzes AS MATERIALIZED (
  SELECT g.*, nextval(pg_get_serial_sequence('quiz_results', 'id'))::int AS quiz_id, ${PASSED} AS passed
  FROM (SELECT * FROM named ORDER BY n) g
), saved AS (
  INSERT INTO quiz_results (id, user_id, topic_id, chapter_id, score, total_questions, passed, created_at)
  SELECT quiz_id, user_id, topic_id, chapter_id, score, total_questions, passed, at FROM numbered_quizzes
), told AS MATERIALIZED (
  SELECT n, json_build_object('user_id', user_id::bigint, 'quiz_id', quiz_id, 'topic_id', topic_id,
    'topic_display_name', topic_name, 'chapter_id', chapter_id, 'chapter_display_name', chapter_name, 'score', score,
    'total_questions', total_questions, 'passed', passed, 'timestamp', told_at) AS data
  FROM numbered_quizzes
), outgoing AS (
  SELECT g.n, g.channel, g.id, 'quiz_completed' AS event, t.data, g.key, g.at FROM named g JOIN told t ON t.n = g.n
)`,
  answer: chapterAnswer("told", "quiz_completed"),
});

const shape: AppendShape<Item, Row, QuizCompleted> = {
  sql: SQL,
  parameters: (items) => [
    ...chapterParameters(items),
    items.map(({ body }) => body.score),
    items.map(({ body }) => body.total_questions),
  ],
  answers: (_items, rows) => rows.map((row) => chapterAppending(row, (data) => data)),
  conflictKeys: ({ key }) => (key === undefined ? [] : [key]),
  sizeOf: () => 1_000,
};

/** Creates the service that saves quizzes and appends their events to the log, both in one transaction. */
export function createQuizzes(eventLog: EventLog): QuizService {
  const save = eventLog.appender(shape);
  return { add: (body, key) => save(aboutChapter(body, key)) };
}
