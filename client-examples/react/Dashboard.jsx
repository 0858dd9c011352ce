// A dashboard component: totals, topics, the newest quizzes, and whether the connection is up.
import { useDashboard } from "./useDashboard.js";

/** @param {{client: import("classwire/client").Client}} props */
export function Dashboard({ client }) {
  const { status, stats, topics, quizzes, error } = useDashboard(client);
  if (error !== undefined) return <p role="alert">The dashboard is closed: {error.message}</p>;
  if (stats === undefined) return <p role="status">Loading…</p>;
  return (
    <section aria-busy={status !== "live"}>
      <h2>
        {stats.completedChapters} of {stats.totalChapters} chapters
      </h2>
      {status === "reconnecting" && <p role="status">Reconnecting… nothing will be missed.</p>}
      <ul>
        {topics.map((topic) => (
          <li key={topic.topic_id}>
            {topic.topic_display_name}{" "}
            <progress value={topic.completedChapters} max={topic.totalChapters}>
              {topic.completedChapters}/{topic.totalChapters}
            </progress>
          </li>
        ))}
      </ul>
      <ol>
        {quizzes.map((quiz) => (
          <li key={quiz.quiz_id}>
            {quiz.chapter_display_name}: {quiz.score}/{quiz.total_questions} {quiz.passed ? "✓" : ""}
          </li>
        ))}
      </ol>
    </section>
  );
}
