// The main promise: what a backend reports reaches the learner's dashboard, with the documented fields, and no one else.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect, next, startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startClasswire();
});
afterAll(() => server.close());

const progress = { topic_id: "constants", chapter_id: "boolean-constants", completed: true };

describe("/dashboard", () => {
  it("greets, and shows progress and quizzes to their user only", async () => {
    const learner = server.connect("/dashboard", "11");
    const other = server.connect("/dashboard", "12");
    const [connected] = await next(learner, "connected");
    expect(connected).toEqual({
      message: "连接成功",
      userId: "11",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/),
      epoch: expect.any(String),
    });
    await next(other, "connected");
    const elsewhere: string[] = [];
    other.onAny((event) => elsewhere.push(event));

    const update = next(learner, "progress_updated");
    const saved = await server.call("POST", "/api/v1/progress", { user_id: 11, ...progress });
    expect(saved.status).toBe(200);
    const [payload, meta] = await update;
    expect(payload).toEqual({
      user_id: 11,
      topic_id: "constants",
      topic_display_name: "常量",
      chapter_id: "boolean-constants",
      chapter_display_name: "布尔常量",
      completed: true,
      timestamp: expect.any(String),
    });
    expect(meta).toEqual({ channel: "dashboard/11", offset: 1, id: expect.any(String) });
    expect(saved.body).toEqual(payload);

    const scored = next(learner, "quiz_completed");
    const quiz = { user_id: 11, topic_id: "constants", chapter_id: "boolean-constants", score: 3, total_questions: 5 };
    expect((await server.call("POST", "/api/v1/quizzes", quiz)).status).toBe(201);
    const [result, second] = await scored;
    expect(result).toMatchObject({ quiz_id: expect.any(Number), score: 3, total_questions: 5, passed: true });
    expect(second.offset).toBe(2);

    const { stats, recent_quizzes, offset } = await learner.emitWithAck("snapshot");
    expect(stats).toEqual({ completedChapters: 1, totalChapters: 4 });
    expect(recent_quizzes).toHaveLength(1);
    expect(offset).toBe(2);
    expect(elsewhere).toEqual([]);
  });

  it("emits nothing for a progress that changes nothing", async () => {
    const learner = server.connect("/dashboard", "13");
    await next(learner, "connected");
    const seen = collect(learner, "progress_updated");
    await server.call("POST", "/api/v1/progress", { user_id: 13, ...progress });
    expect((await server.call("POST", "/api/v1/progress", { user_id: 13, ...progress })).status).toBe(200);
    await server.call("POST", "/api/v1/progress", { user_id: 13, ...progress, completed: false });
    await eventually(() => seen.length === 2);
    expect(seen.map(([{ completed }]) => completed)).toEqual([true, false]);
  });

  it("replays what was missed, in order, before anything new", async () => {
    for (const chapter_id of ["identifiers", "keywords"]) {
      await server.call("POST", "/api/v1/progress", {
        user_id: 14,
        topic_id: "lexical-elements",
        chapter_id,
        completed: true,
      });
    }
    const learner = server.connect("/dashboard", "14", { auth: { since: 0 } });
    const seen = collect(learner, "progress_updated");
    const [connected] = await next(learner, "connected");
    expect(connected).toMatchObject({ offset: 2, recovered: true });
    await server.call("POST", "/api/v1/progress", { user_id: 14, ...progress });
    await eventually(() => seen.length === 3);
    expect(seen.map(([, { offset }]) => offset)).toEqual([1, 2, 3]);
  });

  it("lets the newest connection win", async () => {
    const first = server.connect("/dashboard", "15");
    await next(first, "connected");
    const closed = next(first, "close");
    const gone = next(first, "disconnect");
    const second = server.connect("/dashboard", "15");
    await next(second, "connected");
    expect((await closed)[0]).toEqual({ reason: expect.any(String), timestamp: expect.any(String) });
    await gone;
    expect(second.connected).toBe(true);
  });

  it("wants a whole number for a user id", async () => {
    const [error] = await next(server.connect("/dashboard", "user-456"), "connect_error");
    expect(error.data).toMatchObject({ code: "AUTH_FAILED" });
  });
});
