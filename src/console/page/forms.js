// What can be published: the fields of each form, and the call that they make.

const CHAPTERS = [
  ["lexical-elements/identifiers", "词法元素 · 标识符"],
  ["lexical-elements/keywords", "词法元素 · 关键字"],
  ["constants/boolean-constants", "常量 · 布尔常量"],
  ["constants/integer-constants", "常量 · 整数常量"],
];

const learner = { name: "user", label: "Learner", kind: "learner" };
const chapter = { name: "chapter", label: "Chapter", kind: "select", options: CHAPTERS };
const text = (name, label, value, rest = {}) => ({ name, label, kind: "text", value, ...rest });
const number = (name, label, value) => ({ name, label, kind: "number", value });

function lesson({ user, chapter: path }) {
  const [topic_id, chapter_id] = path.split("/");
  return { user_id: Number(user), topic_id, chapter_id };
}

/** The forms that come with a tab each. `calls` gives the calls to make, one after the other. */
export const forms = [
  {
    id: "progress",
    title: "Progress",
    fields: [learner, chapter, { name: "completed", label: "Completed", kind: "check", value: true }],
    calls: (value) => [{ path: "/api/v1/progress", body: { ...lesson(value), completed: value.completed } }],
  },
  {
    id: "quiz",
    title: "Quiz",
    fields: [learner, chapter, number("score", "Score", 8), number("total", "Out of", 10)],
    calls: (value) => [
      {
        path: "/api/v1/quizzes",
        body: { ...lesson(value), score: Number(value.score), total_questions: Number(value.total) },
      },
    ],
  },
  {
    id: "notification",
    title: "Notification",
    fields: [
      { ...learner, everyone: true, label: "To" },
      text("title", "Title", "作业已批改"),
      text("message", "Message", "Your homework has been graded.", { wide: true }),
    ],
    calls: ({ user, title, message }) => [
      {
        path: "/api/v1/notifications",
        body: { ...(user === "*" ? { everyone: true } : { userId: user }), title, message },
      },
    ],
  },
  {
    id: "run",
    title: "Run result",
    fields: [
      learner,
      number("exitCode", "Exit code", 0),
      { name: "stdout", label: "Output", kind: "area", value: "Hello, world!\n", wide: true },
    ],
    calls: ({ user, exitCode, stdout }) => [
      { path: "/api/v1/run-sessions", body: { sessionId: `console-${user}`, userId: user } },
      {
        path: `/api/v1/run-results/console-${encodeURIComponent(user)}`,
        body: { stdout, stderr: "", exitCode: Number(exitCode), duration: 128 },
      },
    ],
  },
  {
    id: "room",
    title: "Room",
    fields: [text("room", "Room", "lobby"), text("text", "Message", "Welcome to the lobby", { wide: true })],
    calls: ({ room, text }) => [{ path: `/api/v1/rooms/${encodeURIComponent(room)}/messages`, body: { text } }],
  },
  {
    id: "system",
    title: "System",
    fields: [
      {
        name: "level",
        label: "Level",
        kind: "select",
        options: ["info", "warning", "error"].map((level) => [level, level]),
      },
      text("message", "Message", "Maintenance tonight at ten.", { wide: true }),
    ],
    calls: ({ level, message }) => [{ path: "/api/v1/system", body: { message, level } }],
  },
];

/** The form for any call that changes something, filled in with the call's example. `rows` are those of `/console/calls.json`. */
export function anyCall(rows) {
  const rowOf = (name) => rows.find(({ operationId }) => operationId === name);
  const valuesOf = ({ path, body }) => ({ path, body: JSON.stringify(body, null, 2) });
  const example = valuesOf(rows[0]);
  return {
    id: "any",
    title: "Any call",
    action: "Publish this call",
    fields: [
      {
        name: "call",
        label: "Call",
        kind: "select",
        options: rows.map(({ operationId, summary }) => [operationId, `${operationId}: ${summary}`]),
        fills: (name) => valuesOf(rowOf(name)),
        wide: true,
      },
      text("path", "Path", example.path, { wide: true }),
      { name: "body", label: "Body", kind: "area", rows: 8, value: example.body, wide: true },
    ],
    calls: ({ call, path, body }) => [{ method: rowOf(call).method, path, body: JSON.parse(body) }],
  };
}
