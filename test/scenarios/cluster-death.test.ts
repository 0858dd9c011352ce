// A node that is killed: what its users held is free within 15 s, and they go on elsewhere without having missed anything.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { type SpawnedServer, spawnServer } from "../support/spawn-server.ts";
import { type Address, addressOf, listen, listenRaw, type Nodes, type SocketListener, startNodes } from "./nodes.ts";

const FREE_WITHIN_MS = 15_000;

let nodes: Nodes;
let victim: SpawnedServer;
let doomed: Address;
let a: TestServer;
let b: TestServer;
beforeAll(async () => {
  nodes = await startNodes(2);
  [a, b] = [nodes.node(0), nodes.node(1)];
  victim = await spawnServer({ ...nodes.env, LOG_LEVEL: "warn" });
  doomed = addressOf(victim.url);
});
afterAll(async () => {
  await victim.stop();
  await nodes.close();
});

/** Reports a quiz of a learner; the score tells one from another. */
async function score(user_id: number, points: number): Promise<void> {
  const quiz = { user_id, topic_id: "constants", chapter_id: "boolean-constants", score: points, total_questions: 100 };
  expect((await a.call("POST", "/api/v1/quizzes", quiz)).status).toBe(201);
}

const scores = ({ heard }: Pick<SocketListener, "heard">): number[] =>
  heard.filter(({ name }) => name === "quiz_completed").map(({ body }) => (body.data ?? body).score);

describe("when a node is killed", () => {
  it("its users lose nothing, and everything that was theirs is free within 15 s", async () => {
    const watcher = await listen(a, "/channels", "w0");
    await watcher.ask("join_room", { room: "hall" });
    // A Socket.IO dashboard that will come back by itself, and a raw one with another that waits for its turn.
    const dashboard = await listen(doomed, "/dashboard", "51");
    const waiting = await listenRaw(a, "/api/v1/ws/dashboard", "52");
    await waiting.hears("connection");
    const active = await listenRaw(doomed, "/api/v1/ws/dashboard", "52");
    await active.hears("connection");
    // All places of one user, two in the hall of whom one will return, and one who studies.
    for (let place = 0; place < 5; place++) await listen(doomed, "/channels", "full");
    const studying = await listen(doomed, "/study-time", "53", { courseId: "go" });
    await studying.ask("heartbeat", { timestamp: new Date().toISOString() });
    const returns = await listenRaw(doomed, "/ws", "back");
    const stays = await listenRaw(doomed, "/ws", "gone");
    for (const client of [returns, stays]) client.send({ type: "join_room", content: "hall" });
    await watcher.hears("presence", '"back"');
    await watcher.hears("presence", '"gone"');
    await score(51, 1);
    await score(52, 1);
    await dashboard.hears("quiz_completed");
    await active.hears("quiz_completed");

    victim.kill("SIGKILL");
    const killed = performance.now();
    await victim.exited;
    await score(51, 2);
    await score(52, 2);
    await watcher.ask("room_message", { room: "hall", text: "meanwhile" });

    const since = dashboard.heard.at(-1)?.offset;
    const again = await listen(b, "/dashboard", "51", { since });
    const elsewhere = await listenRaw(b, "/ws", "back");
    const studies = await listen(b, "/study-time", "53", { courseId: "go" });
    await score(51, 3);
    await again.hears("quiz_completed", '"score":3');
    expect(scores(again)).toEqual([2, 3]);
    await elsewhere.hears("room_message", "meanwhile");
    await studies.ask("heartbeat", {});

    await waiting.hears("quiz_completed", '"score":2');
    await score(52, 3);
    await waiting.hears("quiz_completed", '"score":3');
    await eventually(async () => (await listen(b, "/channels", "full")).socket.connected, {
      timeoutMs: FREE_WITHIN_MS,
    });
    const left = () => watcher.heard.flatMap(({ name, body }) => (name === "presence" ? body.left : []));
    await eventually(() => left().length > 0, { timeoutMs: FREE_WITHIN_MS });
    await eventually(async () => {
      const { body } = await a.call("GET", "/api/ws/status");
      return expect(body).toEqual({ online_count: 3, online_users: ["back", "full", "w0"] });
    });
    expect(performance.now() - killed).toBeLessThan(FREE_WITHIN_MS + 1000);
    expect(left()).toEqual(["gone"]);
  });
});
