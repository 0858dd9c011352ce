// The main promise: what a backend reports reaches the learner's dashboard, with the documented fields, and no one else.
import type { Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect, next, startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { inboxOf, settled } from "../support/inbox.ts";
import { signToken } from "../support/tokens.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startClasswire();
});
afterAll(() => server.close());

const progress = { topic_id: "constants", chapter_id: "boolean-constants", completed: true };
const quiz = { topic_id: "constants", chapter_id: "integer-constants", total_questions: 5 };
const rfc3339 = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/);

async function connect(user: string, options = {}): Promise<Socket> {
  const socket = server.connect("/dashboard", user, options);
  await next(socket, "connected");
  return socket;
}

describe.each(["websocket", "polling"])("over %s", (transport) => {
  const over = { transports: [transport] };
  const [me, other] = transport === "websocket" ? [11, 12] : [21, 22];

  it("shows progress and quizzes to their user only, with exactly the documented fields", async () => {
    const learner = server.connect("/dashboard", `${me}`, over);
    const inbox = inboxOf(learner);
    const [connected] = await next(learner, "connected");
    expect(connected).toEqual({ message: "连接成功", userId: `${me}`, timestamp: rfc3339, epoch: expect.any(String) });
    const bystander = server.connect("/dashboard", `${other}`, over);
    const elsewhere = inboxOf(bystander);
    await next(bystander, "connected");

    const saved = await server.call("POST", "/api/v1/progress", { user_id: me, ...progress });
    expect(saved.status).toBe(200);
    const names = { topic_id: "constants", topic_display_name: "常量" };
    const [update] = await inbox.wait("progress_updated");
    expect(update).toEqual({
      user_id: me,
      ...names,
      chapter_id: "boolean-constants",
      chapter_display_name: "布尔常量",
      completed: true,
      timestamp: rfc3339,
    });
    expect(saved.body).toEqual(update);
    expect(inbox.metas("progress_updated")).toEqual([
      { channel: `dashboard/${me}`, offset: 1, id: expect.any(String) },
    ]);

    for (const score of [3, 2]) {
      const scored = await server.call("POST", "/api/v1/quizzes", { user_id: me, ...quiz, score });
      expect(scored.status).toBe(201);
    }
    const results = await inbox.wait("quiz_completed", 2);
    expect(results[0]).toEqual({
      user_id: me,
      quiz_id: expect.any(Number),
      ...names,
      chapter_id: "integer-constants",
      chapter_display_name: "整数常量",
      score: 3,
      total_questions: 5,
      passed: true,
      timestamp: rfc3339,
    });
    expect(results[1]).toMatchObject({ score: 2, passed: false });
    expect(results[1].quiz_id).not.toBe(results[0].quiz_id);
    expect(inbox.metas("quiz_completed").map(({ offset }) => offset)).toEqual([2, 3]);

    expect(await learner.emitWithAck("snapshot")).toEqual({
      ok: true,
      stats: { completedChapters: 1, totalChapters: 4 },
      topics: [
        { topic_id: "lexical-elements", topic_display_name: "词法元素", completedChapters: 0, totalChapters: 2 },
        { ...names, completedChapters: 1, totalChapters: 2 },
      ],
      recent_quizzes: [results[1], results[0]],
      offset: 3,
    });
    expect(await learner.emitWithAck("ping")).toEqual({ ok: true, timestamp: rfc3339 });
    await settled(bystander);
    expect(elsewhere.names()).toEqual(["connected"]);
  });

  it("keeps events under 1 KB", async () => {
    const learner = await connect(`${me + 2}`, over);
    const frames: string[] = [];
    learner.io.engine.on("packet", ({ data }: { data?: string }) => frames.push(String(data)));
    const completed = next(learner, "quiz_completed");
    await server.call("POST", "/api/v1/quizzes", { user_id: me + 2, ...quiz, score: 5 });
    await completed;
    expect(frames.length).toBeGreaterThan(0);
    for (const frame of frames) expect(Buffer.byteLength(frame)).toBeLessThan(1024);
  });
});

it("emits nothing for a progress that changes nothing", async () => {
  const learner = await connect("31");
  const seen = collect(learner, "progress_updated");
  const set = (completed: boolean) => server.call("POST", "/api/v1/progress", { user_id: 31, ...progress, completed });
  for (const completed of [true, true, false, false]) expect((await set(completed)).status).toBe(200);
  await settled(learner);
  expect(seen.map(([{ completed }]) => completed)).toEqual([true, false]);
});

it("replays what was missed, in order, before anything new", async () => {
  for (const chapter_id of ["identifiers", "keywords"])
    await server.call("POST", "/api/v1/progress", {
      user_id: 32,
      ...progress,
      topic_id: "lexical-elements",
      chapter_id,
    });
  const learner = server.connect("/dashboard", "32", { auth: { since: 0 } });
  const inbox = inboxOf(learner);
  expect(await inbox.wait("connected")).toMatchObject([{ offset: 2, recovered: true }]);
  await server.call("POST", "/api/v1/progress", { user_id: 32, ...progress });
  await inbox.wait("progress_updated", 3);
  expect(inbox.metas("progress_updated").map(({ offset }) => offset)).toEqual([1, 2, 3]);
  expect(inbox.names()[0]).toBe("connected");
});

it("starts at the head without a since", async () => {
  await server.call("POST", "/api/v1/progress", { user_id: 33, ...progress });
  const learner = server.connect("/dashboard", "33");
  const inbox = inboxOf(learner);
  const [connected] = await inbox.wait("connected");
  await settled(learner);
  expect(Object.keys(connected)).not.toContain("offset");
  expect(inbox.names()).toEqual(["connected"]);
});

it("lets the newest connection win, on whatever transport", async () => {
  const first = await connect("34");
  const [inbox, gone] = [inboxOf(first), next(first, "disconnect")];
  const second = await connect("34", { transports: ["polling"] });
  await gone;
  expect(inbox.all).toEqual([{ event: "close", args: [{ reason: "replaced", timestamp: rfc3339 }] }]);
  expect(second.connected).toBe(true);

  const crowd = Array.from({ length: 6 }, () => server.connect("/dashboard", "34"));
  await Promise.all(crowd.map((socket) => next(socket, "connected")));
  await eventually(() => [second, ...crowd].filter((socket) => socket.connected).length === 1);
  const left = crowd.find((socket) => socket.connected);
  const update = left && next(left, "progress_updated");
  await server.call("POST", "/api/v1/progress", { user_id: 34, ...progress });
  await update;
});

it("acknowledges its own channel and no other", async () => {
  const learner = await connect("35");
  expect(await learner.emitWithAck("ack", { channel: "dashboard/35", offset: 0 })).toEqual({ ok: true });
  expect(await learner.emitWithAck("ack", { channel: "dashboard/36", offset: 0 })).toMatchObject({
    error: { code: "FORBIDDEN" },
  });
});

it("wants a whole number for a user id", async () => {
  for (const user of ["user-456", "007", "1.5", "-1"]) {
    const [error] = await next(server.connect("/dashboard", signToken({ sub: user })), "connect_error");
    expect(error.data).toMatchObject({ code: "AUTH_FAILED" });
  }
});
