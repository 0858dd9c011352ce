// Durable sends against the real server: one event per call, however often it is tried.
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../scripts/free-ports.mjs";
import { calls, createEmitter, type DurableSends } from "../../src/emitter/index.ts";
import { type SpawnedServer, spawnServer } from "../support/spawn-server.ts";
import { signToken } from "../support/tokens.ts";
import { type Faulty, startFaulty } from "./faulty.ts";

let server: SpawnedServer;
let faulty: Faulty;
let backend: DurableSends;
const token = signToken({ sub: "1", role: "service" });

beforeAll(async () => {
  server = await spawnServer({ LOG_LEVEL: "warn" });
  faulty = await startFaulty(server.url);
  const backoff = { first: 5, longest: 20 };
  backend = createEmitter({ api: { url: faulty.url, token: () => token, backoff, deadlineMs: 60_000 } });
});
afterAll(async () => {
  await faulty.close();
  await server.stop();
});

async function titles(user: string): Promise<string[]> {
  const response = await fetch(`${server.url}/api/v1/channels/notifications/${user}/events?limit=1000`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { events } = (await response.json()) as { events: { data: { title: string } }[] };
  return events.map(({ data }) => data.title);
}

const notice = (userId: string, title: string) => ({ userId, title, message: "m" });

test("every call reaches its route and gives back a checked answer", async () => {
  const lesson = { user_id: 7, topic_id: "constants", chapter_id: "boolean-constants" };
  expect(await backend.updateProgress({ ...lesson, completed: true })).toMatchObject({ ...lesson, completed: true });
  expect(await backend.addQuiz({ ...lesson, score: 6, total_questions: 10 })).toMatchObject({ passed: true });
  const { sessionId } = await backend.registerRunSession({ userId: "7" });
  const result = { stdout: "hi", stderr: "", exitCode: 0, duration: 3 };
  expect(await backend.pushRunResult(sessionId, result)).toEqual({ channel: `run-results/${sessionId}`, offset: 1 });
  expect(await backend.sendToRoom("r1", { text: "hello" })).toEqual({ id: expect.any(String), offset: 1 });
  expect(await backend.notify({ everyone: true, title: "t", message: "m" })).toMatchObject({ online: false });
  expect(await backend.push({ type: "order_status", to: "7", content: { order_id: 1, status: "sent" } })).toEqual({
    delivered: false,
  });
  expect(await backend.pushToEveryone({ type: "notification", content: "hello" })).toEqual({ accepted: true });
  expect(await backend.disconnectUser("7")).toEqual({ accepted: true });
  const topics = [{ id: "loops", displayName: "循环", chapters: [{ id: "for", displayName: "for" }] }];
  expect(await backend.putTopics(topics)).toEqual({ topics: 1, chapters: 1 });
  const unknown = backend.updateProgress({ ...lesson, topic_id: "nowhere", completed: true });
  await expect(unknown).rejects.toMatchObject({ name: "PublishError", code: "NOT_FOUND", status: 404, attempts: 1 });
});

test("an answer that was lost is fetched with the same key: one event", async () => {
  faulty.next("lose the answer", "refuse", "lose the answer");
  const before = faulty.keys.length;
  const sent = await backend.notify(notice("lost-answer", "once"));
  expect(sent.offset).toBe(1);
  expect(await titles("lost-answer")).toEqual(["once"]);
  const keys = faulty.keys.slice(before);
  expect(keys).toHaveLength(4);
  expect(new Set(keys).size).toBe(1);
});

test("a busy node is left alone as long as it asks for", async () => {
  faulty.next({ busy: 1 });
  const began = performance.now();
  await backend.notify(notice("busy", "later"));
  expect(performance.now() - began).toBeGreaterThanOrEqual(950);
});

test("a wait beyond the deadline is not begun: the last error comes at once", async () => {
  faulty.next({ busy: 3600 });
  const sent = backend.notify(notice("too-busy", "never"));
  await expect(sent).rejects.toMatchObject({ code: "SERVER_ERROR", status: 503, attempts: 1 });
});

test("without a server it gives up at the deadline and says why", async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const nobody = createEmitter({ api: { url, token, deadlineMs: 300, backoff: { first: 10, longest: 50 } } });
  const error = await nobody.notify(notice("x", "y")).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: "PublishError", code: "NO_ANSWER", status: undefined });
  expect(error).toMatchObject({ message: expect.stringContaining("ECONNREFUSED") });
  expect((error as { attempts: number }).attempts).toBeGreaterThan(2);
});

test("a token that is refused is not sent again", async () => {
  const wrong = createEmitter({ api: { url: server.url, token: signToken("7") } });
  await expect(wrong.notify(notice("x", "y"))).rejects.toMatchObject({ code: "FORBIDDEN", attempts: 1 });
  const bad = createEmitter({ api: { url: server.url, token: "nonsense" } });
  await expect(bad.notify(notice("x", "y"))).rejects.toMatchObject({ code: "INVALID_TOKEN", attempts: 1 });
});

test("a key of one's own makes the same call the same event, another body a conflict", async () => {
  const idempotencyKey = "order-1";
  const first = await backend.notify(notice("own-key", "a"), { idempotencyKey });
  expect(await backend.notify(notice("own-key", "a"), { idempotencyKey })).toEqual(first);
  const other = backend.notify(notice("own-key", "b"), { idempotencyKey });
  await expect(other).rejects.toMatchObject({ code: "CONFLICT", status: 409 });
  expect(await titles("own-key")).toEqual(["a"]);
});

test("a batch gives each call its result, in order, also when the first try loses its answer", async () => {
  faulty.next("lose the answer", "refuse");
  const [good, bad, said] = await backend.batch([
    calls.notify(notice("batch", "one")),
    calls.updateProgress({ user_id: 7, topic_id: "nowhere", chapter_id: "x", completed: true }),
    calls.sendToRoom("batch", { text: "hello" }),
  ]);
  expect(good).toMatchObject({ ok: true, value: { offset: 1 } });
  expect(bad).toMatchObject({ ok: false, error: { code: "NOT_FOUND", status: 404 } });
  expect(said).toMatchObject({ ok: true, value: { offset: 1 } });
  expect(await titles("batch")).toEqual(["one"]);
});

test("more calls than one batch takes go in several, still in order", async () => {
  const results = await backend.batch(Array.from({ length: 1100 }, (_, n) => calls.notify(notice("many", `${n}`))));
  expect(results.every(({ ok }) => ok)).toBe(true);
  const offsets = results.map((result) => (result.ok ? result.value.offset : 0));
  expect(offsets).toEqual(Array.from({ length: 1100 }, (_, n) => n + 1));
}, 90_000);
