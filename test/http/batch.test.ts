// Batches: results in order, one bad item alone, channels in order, committed together, each item once.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AnswerBody, type Api, startApi, TOKENS } from "./api.ts";

let api: Api;
let commits = 0;
beforeAll(async () => {
  api = await startApi();
  await api.services.catalogue.seedIfEmpty();
  api.log.onCommitted(() => {
    commits++;
  });
});
afterAll(() => api.close());

interface Item {
  path: string;
  body: unknown;
  idempotencyKey?: string;
}
const batch = (items: Item[], key?: string) => api.post("/api/v1/batch", { items }, key === undefined ? {} : { key });
const say = (room: string, text: string, idempotencyKey?: string): Item => ({
  path: `/api/v1/rooms/${room}/messages`,
  body: { text },
  ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
});
const texts = async (room: string) =>
  (await api.log.read(`rooms/${room}`, 0, 1000)).events.map(({ data }) => data["text"]);
const result = { stdout: "", stderr: "", exitCode: 0, duration: 1 };
const statuses = (body: AnswerBody) => body.results.map(({ status }) => status);

it("answers in order, and one bad item fails alone", async () => {
  const answer = await batch([
    say("mixed", "1"),
    { path: "/api/v1/progress", body: { user_id: 1, topic_id: "no", chapter_id: "no", completed: true } },
    { path: "/api/v1/notifications", body: { userId: "1", title: "" } },
    { path: "/api/v1/nothing", body: {} },
    { path: "/api/v1/batch", body: { items: [] } },
    { path: "/api/v1/dashboard/1", body: {} },
    { path: "/api/v1/run-results/%E0%A4%A", body: result },
    { path: "/api/v1/run-results/run-1", body: result },
    { path: "/api/ws/broadcast", body: { type: "t", content: 1 } },
    { path: "/api/v1/data-updates", body: { entity: "e", action: "create", id: 1, data: "x".repeat(600_000) } },
    say("mixed", "2"),
  ]);
  expect(answer.status).toBe(200);
  expect(statuses(answer.body)).toEqual([201, 404, 400, 404, 404, 404, 400, 201, 202, 413, 201]);
  expect(answer.body.results[0]?.body).toEqual({ id: expect.any(String), offset: 1 });
  expect(answer.body.results[2]?.body.error.code).toBe("INVALID_MESSAGE");
  expect(answer.body.results[7]?.body).toEqual({ channel: "run-results/run-1", offset: 1 });
  expect(await texts("mixed")).toEqual(["1", "2"]);
});

it("takes paths as they are documented, and no other way of writing them", async () => {
  const paths = ["/api/v1/system", "/api/v1/system/", "/API/v1/system", "/api/v1/system?a=1", "/api/v1/System"];
  const answer = await batch(paths.map((path) => ({ path, body: { message: "m", level: "info" } })));
  expect(statuses(answer.body)).toEqual([202, 404, 404, 404, 404]);
});

it("keeps the order of each channel and commits together", async () => {
  const rooms = ["o1", "o2", "o3"];
  const numbers = Array.from({ length: 300 }, (_, n) => n);
  // Some with a key, some without: those with one go through the database first.
  const items = numbers.map((n) => say(rooms[n % 3] ?? "", String(n), n % 7 === 0 ? `order-${n}` : undefined));
  commits = 0;
  const answer = await batch(items);
  expect(new Set(statuses(answer.body))).toEqual(new Set([201]));
  for (const [at, room] of rooms.entries()) {
    expect(await texts(room)).toEqual(numbers.filter((n) => n % 3 === at).map(String));
  }
  expect(commits).toBeLessThan(10);
});

it("takes a thousand, and not one more", async () => {
  const many = Array.from({ length: 1000 }, (_, n) => say("thousand", String(n)));
  const answer = await batch(many);
  expect(statuses(answer.body).filter((status) => status === 201)).toHaveLength(1000);
  expect(await texts("thousand")).toEqual(many.map((_, n) => String(n)));
  const more = await batch([...many, say("thousand", "more")]);
  expect([more.status, Object.keys(more.body.error.fields ?? {})]).toEqual([400, ["items"]]);
});

it("keeps the order of a learner's progress and quizzes", async () => {
  const chapter = (chapter_id: string) => ({ user_id: 9, topic_id: "lexical-elements", chapter_id });
  const progress = (chapter_id: string, completed: boolean): Item => ({
    path: "/api/v1/progress",
    body: { ...chapter(chapter_id), completed },
  });
  const quiz: Item = { path: "/api/v1/quizzes", body: { ...chapter("keywords"), score: 1, total_questions: 1 } };
  const answer = await batch([
    progress("identifiers", true),
    progress("identifiers", false),
    progress("keywords", true),
    quiz,
    progress("identifiers", true),
    { ...quiz, idempotencyKey: "quiz" },
    progress("keywords", false),
  ]);
  expect(statuses(answer.body)).toEqual([200, 200, 200, 201, 200, 201, 200]);
  const { events } = await api.log.read("dashboard/9", 0, 100);
  expect(events.map(({ event, data }) => [event, data["chapter_id"], data["completed"]])).toEqual([
    ["progress_updated", "identifiers", true],
    ["progress_updated", "identifiers", false],
    ["progress_updated", "keywords", true],
    ["quiz_completed", "keywords", undefined],
    ["progress_updated", "identifiers", true],
    ["quiz_completed", "keywords", undefined],
    ["progress_updated", "keywords", false],
  ]);
});

describe("items with a key", () => {
  it("happen once, within a batch, over batches and beside them", async () => {
    const item = say("once", "x", "same");
    const first = await batch([item, item, say("once", "y")]);
    expect(statuses(first.body)).toEqual([201, 201, 201]);
    expect(first.body.results[1]).toEqual(first.body.results[0]);
    const second = await batch([item]);
    expect(second.body.results[0]).toEqual(first.body.results[0]);
    const alone = await api.post(item.path, item.body, { key: "same" });
    expect(alone.body).toEqual(first.body.results[0]?.body);
    expect(await texts("once")).toEqual(["x", "y"]);
    const other = await batch([say("once", "z", "same")]);
    expect(other.body.results[0]).toMatchObject({ status: 409, body: { error: { code: "CONFLICT" } } });
  });
});

describe("a batch with a key", () => {
  it("happens once", async () => {
    const items = [say("batch-once", "1"), say("batch-once", "2"), { path: "/api/v1/nothing", body: {} }];
    const first = await batch(items, "whole");
    const again = await batch(items, "whole");
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(await texts("batch-once")).toEqual(["1", "2"]);
  });

  it("of which a call failed for a passing reason is tried anew, and what was done is not done twice", async () => {
    const items = [
      { path: "/api/v1/run-sessions", body: { userId: "1" } },
      say("batch-passing", "1"),
      { path: "/api/v1/nothing", body: {} },
    ];
    await api.store.query("ALTER TABLE channel_events RENAME TO out_of_reach", []);
    const first = await batch(items, "passing").finally(() =>
      api.store.query("ALTER TABLE out_of_reach RENAME TO channel_events", []),
    );
    expect(statuses(first.body)).toEqual([201, 503, 404]);
    const second = await batch(items, "passing");
    expect(statuses(second.body)).toEqual([201, 201, 404]);
    expect(second.body.results[0]).toEqual(first.body.results[0]);
    const third = await batch(items, "passing");
    expect(third.body).toEqual(second.body);
    expect(third.headers.get("idempotent-replayed")).toBe("true");
    expect(await texts("batch-passing")).toEqual(["1"]);
  });

  it("whose node died after the commit finds its events when it is done again", async () => {
    const items = [say("batch-died", "1"), say("batch-died", "2")];
    const first = await batch(items, "died");
    await api.store.query(
      `UPDATE idempotency_keys SET status = NULL, created_at = now() - interval '16 seconds',
         answer = (SELECT to_json(split_part(key, '/', 1)) FROM channel_events WHERE channel = 'rooms/batch-died' LIMIT 1)
       WHERE path = '/api/v1/batch'`,
      [],
    );
    const again = await batch(items, "died");
    expect(again.headers.get("idempotent-replayed")).toBeNull();
    expect(again.body).toEqual(first.body);
    expect(await texts("batch-died")).toEqual(["1", "2"]);
  });
});

it("is for backends", async () => {
  const answer = await api.post("/api/v1/batch", { items: [] }, { as: TOKENS.user("1") });
  expect(answer.status).toBe(403);
  expect((await batch([])).body).toEqual({ results: [] });
});
