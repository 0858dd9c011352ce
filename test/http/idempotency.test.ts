// Idempotency-Key over HTTP: one event however often, from whatever node, while it runs and after a crash.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDatabase } from "../support/shared.ts";
import { type Answered, type Api, startApi, TOKENS } from "./api.ts";

describe.each(["memory", "postgres"] as const)("on %s", (kind) => {
  /** Two nodes on one server; or twice the same one, on the embedded database. */
  let nodes: [Api, Api];
  beforeAll(async () => {
    if (kind === "postgres") {
      const store = { kind, url: await createDatabase() } as const;
      nodes = [await startApi({ store }), await startApi({ store })];
    } else {
      const node = await startApi();
      nodes = [node, node];
    }
    await nodes[0].services.catalogue.seedIfEmpty();
  });
  afterAll(async () => {
    for (const node of new Set(nodes)) await node.close();
  });

  const events = async (channel: string) => (await nodes[0].log.read(channel, 0, 1000)).events;
  const notification = (userId: string) => ({ userId, title: "t", message: "m" });
  const isReplay = ({ headers }: Answered) => headers.get("idempotent-replayed") === "true";

  it("gives the first answer again and makes no second event", async () => {
    const path = "/api/v1/notifications";
    const first = await nodes[0].post(path, notification("1"), { key: "a" });
    const again = await nodes[1].post(`${path}/?x=1`, notification("1"), { key: "a" });
    expect([first.status, isReplay(first)]).toEqual([201, false]);
    expect([again.status, again.body, isReplay(again)]).toEqual([201, first.body, true]);
    expect(await events("notifications/1")).toHaveLength(1);
  });

  it("belongs to the caller and to the path", async () => {
    const body = notification("2");
    await nodes[0].post("/api/v1/notifications", body, { key: "b" });
    const other = await nodes[1].post("/api/v1/notifications", body, { key: "b", as: TOKENS.admin });
    expect([other.status, isReplay(other)]).toEqual([201, false]);
    const rooms = await Promise.all(
      ["r1", "r2"].map((room) => nodes[0].post(`/api/v1/rooms/${room}/messages`, { text: "x" }, { key: "b" })),
    );
    expect(rooms.map(({ status }) => status)).toEqual([201, 201]);
    expect(await events("notifications/2")).toHaveLength(2);
    expect(await events("rooms/r2")).toHaveLength(1);
  });

  it("with another body is a conflict", async () => {
    await nodes[0].post("/api/v1/notifications", notification("3"), { key: "c" });
    const other = await nodes[1].post("/api/v1/notifications", notification("4"), { key: "c" });
    expect([other.status, other.body.error.code]).toEqual([409, "CONFLICT"]);
    expect(await events("notifications/4")).toEqual([]);
  });

  it("asked at once from both nodes, many times, is done once", async () => {
    const keys = Array.from({ length: 10 }, (_, at) => `d${at}`);
    const answers = await Promise.all(
      keys.flatMap((key) =>
        [0, 1, 0, 1].map((node) =>
          nodes[node as 0 | 1].post("/api/v1/notifications", notification(`at-once-${key}`), { key }),
        ),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(answers.filter((answer) => !isReplay(answer))).toHaveLength(10);
    for (const key of keys) expect(await events(`notifications/at-once-${key}`)).toHaveLength(1);
  });

  it("keeps a refusal, and not a call that no schema let in", async () => {
    const body = { user_id: 1, topic_id: "later", chapter_id: "one", completed: true };
    expect((await nodes[0].post("/api/v1/progress", body, { key: "e" })).status).toBe(404);
    const again = await nodes[1].post("/api/v1/progress", body, { key: "e" });
    expect([again.status, again.body.error.code, isReplay(again)]).toEqual([404, "NOT_FOUND", true]);
    expect((await nodes[0].post("/api/v1/progress", {}, { key: "f" })).status).toBe(400);
    const right = { ...body, topic_id: "constants", chapter_id: "integer-constants" };
    expect((await nodes[1].post("/api/v1/progress", right, { key: "f" })).status).toBe(200);
  });

  it.each([
    [
      "/api/v1/quizzes",
      { user_id: 6, topic_id: "constants", chapter_id: "integer-constants", score: 1, total_questions: 2 },
      "dashboard/6",
    ],
    [
      "/api/v1/progress",
      { user_id: 7, topic_id: "constants", chapter_id: "integer-constants", completed: true },
      "dashboard/7",
    ],
    ["/api/v1/run-results/crashed", { stdout: "", stderr: "", exitCode: 0, duration: 1 }, "run-results/crashed"],
    ["/api/v1/rooms/crashed/messages", { text: "x" }, "rooms/crashed"],
    ["/api/v1/notifications", notification("crashed"), "notifications/crashed"],
  ])("%s, whose node died between commit and answer, makes no second event", async (path, body, channel) => {
    const key = `crash-${channel}`;
    const first = await nodes[0].post(path, body, { key });
    const [event] = await events(channel);
    expect(event).toBeDefined();
    // What the database looks like after a crash at the worst moment: committed, and the answer not kept.
    await nodes[0].store.query(
      `UPDATE idempotency_keys SET status = NULL, created_at = now() - interval '16 seconds',
         answer = (SELECT to_json(key) FROM channel_events WHERE id = $1) WHERE path = $2`,
      [event?.id, path],
    );
    const again = await nodes[1].post(path, body, { key });
    expect([again.status, isReplay(again)]).toEqual([first.status, false]);
    expect(again.body).toEqual(first.body);
    expect(await events(channel)).toHaveLength(1);
    expect(isReplay(await nodes[0].post(path, body, { key }))).toBe(true);
  });

  it.each(["", "x".repeat(256)])("that is %j is refused", async (key) => {
    const answer = await nodes[0].post(
      "/api/v1/system",
      { message: "m", level: "info" },
      { headers: { "Idempotency-Key": key } },
    );
    expect([answer.status, Object.keys(answer.body.error.fields ?? {})]).toEqual([400, ["Idempotency-Key"]]);
  });
});
