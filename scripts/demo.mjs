// `npm run demo`: connects to a running development server, publishes one thing of each kind and shows it arriving.
// The server is CLASSWIRE_URL, or the one that npm start starts with the same PORT.
// @ts-check

/** Everything has to arrive within this time, in milliseconds. */
const PATIENCE_MS = 10_000;
const { loadEnvFile } = await import(new URL("../dist/config/env-file.js", import.meta.url).href);
loadEnvFile(".env", process.env); // as the server does
const port = process.env["PORT"]?.split(",")[0]?.trim() || "8080";
const url = (process.env["CLASSWIRE_URL"] || `http://127.0.0.1:${port}`).replace(/\/+$/, "");

/** An end that is told in one line. */
class DemoError extends Error {}

try {
  await demo();
} catch (error) {
  if (!(error instanceof DemoError)) throw error;
  process.stderr.write(`demo: ${error.message}\n`);
  process.exitCode = 1;
}

async function demo() {
  const tokens = await developmentTokens();
  const { createClient, createEmitter } = await libraries();
  const { token, userId } = tokens.learner;
  say(`Connecting to ${url} as user ${userId}`);

  const client = createClient({ url, token });
  const backend = createEmitter({ api: { url, token: tokens.service.token, deadlineMs: PATIENCE_MS } });
  try {
    const dashboard = client.dashboard();
    const channels = client.channels();
    const arrived = arrivals(dashboard, channels);
    const session = `demo-${Date.now()}`;
    await backend.registerRunSession({ sessionId: session, userId });
    await channels.subscribeNotifications();
    await channels.subscribeRunResults(session);
    const before = await dashboard.snapshot();
    say(`Connected: ${before.stats.completedChapters} of ${before.stats.totalChapters} chapters are done`);

    const chapter = { user_id: Number(userId), topic_id: "constants", chapter_id: "boolean-constants" };
    const isDone = before.topics.some(
      ({ topic_id, completedChapters }) => topic_id === "constants" && completedChapters,
    );
    // A progress that changes nothing emits nothing: reopen the chapter first when an earlier demo has completed it.
    if (isDone) await backend.updateProgress({ ...chapter, completed: false });
    await backend.updateProgress({ ...chapter, completed: true });
    await backend.addQuiz({ ...chapter, score: 9, total_questions: 10 });
    await backend.notify({ userId, title: "Well done", message: "You have passed the quiz." });
    await backend.pushRunResult(session, { stdout: "Hello, world!\n", stderr: "", exitCode: 0, duration: 42 });
    await arrived;
    say("Everything that was published has arrived. The console page shows it too.");
  } finally {
    await client.close();
  }
}

/**
 * Shows each event; resolves when one of each kind has come.
 * @param {import("../src/client/index.ts").DashboardClient} dashboard
 * @param {import("../src/client/index.ts").ChannelsClient} channels
 * @returns {Promise<void>}
 */
function arrivals(dashboard, channels) {
  const awaited = new Set(["progress_updated", "quiz_completed", "notifications", "run-results"]);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new DemoError(`nothing came of ${[...awaited].join(", ")} within ${PATIENCE_MS / 1000} s`));
    }, PATIENCE_MS);
    /** @param {string} event @param {{channel: string, offset: number}} meta @param {string} text */
    const show = (event, { channel, offset }, text) => {
      say(`  ${event.padEnd(17)} ${`${channel} #${offset}`.padEnd(40)} ${text}`);
      awaited.delete(event);
      if (awaited.size > 0) return;
      clearTimeout(timer);
      resolve();
    };
    const closed = (/** @type {{error?: Error}} */ { error }) => {
      clearTimeout(timer);
      if (error !== undefined) reject(new DemoError(`the connection ended: ${error.message}`));
    };
    dashboard.on("progress_updated", ({ chapter_display_name, completed }, meta) => {
      show("progress_updated", meta, `${chapter_display_name} ${completed ? "completed" : "reopened"}`);
    });
    dashboard.on("quiz_completed", ({ score, total_questions, passed }, meta) => {
      show("quiz_completed", meta, `${score}/${total_questions} ${passed ? "passed" : "not passed"}`);
    });
    channels.on("notifications", ({ data }, meta) => show("notifications", meta, `${data.title}: ${data.message}`));
    channels.on("run-results", ({ data }, meta) => show("run-results", meta, data.stdout.trim()));
    dashboard.on("closed", closed);
    channels.on("closed", closed);
  });
}

/** The tokens that a development server has ready. */
async function developmentTokens() {
  const response = await fetch(`${url}/console/tokens.json`).catch(() => undefined);
  if (response === undefined) throw new DemoError(`no server answers at ${url}: start one with npm start`);
  if (!response.ok)
    throw new DemoError(`${url} gives no development tokens (${response.status}): start it with npm start`);
  const { tokens } = /** @type {{tokens: {role: string, userId: string, token: string}[]}} */ (await response.json());
  const learner = tokens.find(({ role }) => role === "user");
  const service = tokens.find(({ role }) => role === "service");
  if (learner === undefined || service === undefined) throw new DemoError(`${url} is not in development: no tokens`);
  return { learner, service };
}

/** The package's own client and emitter, as built. */
async function libraries() {
  /** @param {string} path */
  const load = (path) => import(new URL(`../dist/${path}/index.js`, import.meta.url).href);
  /** @type {typeof import("../src/client/index.ts")} */
  const { createClient } = await load("client");
  /** @type {typeof import("../src/emitter/index.ts")} */
  const { createEmitter } = await load("emitter");
  return { createClient, createEmitter };
}

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
}
