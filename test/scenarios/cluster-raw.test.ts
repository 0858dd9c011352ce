// Raw clients that do not know of nodes: a dashboard that waits for its turn, and connections that are cut here and go on there.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { listen, listenRaw, type Nodes, type RawListener, startNodes } from "./nodes.ts";

let nodes: Nodes;
let a: TestServer;
let b: TestServer;
beforeAll(async () => {
  nodes = await startNodes(2);
  [a, b] = [nodes.node(0), nodes.node(1)];
});
afterAll(() => nodes.close());

const DASHBOARD = "/api/v1/ws/dashboard";
const eventsOf = (listener: RawListener) => listener.heard.filter(({ body }) => "event" in body);

/** Reports a quiz; the score tells one from another. */
async function score(user_id: number, points: number): Promise<void> {
  const quiz = { user_id, topic_id: "constants", chapter_id: "boolean-constants", score: points, total_questions: 100 };
  expect((await a.call("POST", "/api/v1/quizzes", quiz)).status).toBe(201);
}

describe("a displaced raw dashboard", () => {
  it("waits, and takes its turn again when the newer one on another node goes", async () => {
    const older = await listenRaw(a, DASHBOARD, "81");
    await older.hears("connection");
    await score(81, 1);
    await older.hears("quiz_completed", '"score":1');
    const newer = await listenRaw(b, DASHBOARD, "81");
    await newer.hears("connection");
    await eventually(() => isSilent(a, "81"), { what: "the older one waiting" });
    await score(81, 2);
    await newer.hears("quiz_completed", '"score":2');
    older.send({ type: "ping" });
    await older.hears("pong");
    expect(eventsOf(older)).toHaveLength(1);

    newer.close();
    await older.hears("quiz_completed", '"score":2'); // what came meanwhile
    await score(81, 3);
    await older.hears("quiz_completed", '"score":3');
    expect(eventsOf(older).map(({ body }) => body.data.score)).toEqual([1, 2, 3]);
    expect(eventsOf(newer).map(({ body }) => body.data.score)).toEqual([2]);
    older.close();
  });

  it("gives its turn to the newest of those who wait", async () => {
    const rivals: RawListener[] = [];
    for (const node of [a, b, a]) {
      const rival = await listenRaw(node, DASHBOARD, "82");
      await rival.hears("connection");
      rivals.push(rival);
    }
    const [first, second, third] = rivals;
    third?.client.ws.terminate();
    await eventually(() => !isSilent(b, "82"), { what: "the second one's turn" });
    await score(82, 1);
    await second?.hears("quiz_completed");
    expect(first === undefined ? [] : eventsOf(first)).toEqual([]);
    first?.close();
    second?.close();
  });
});

describe("a raw connection that was cut", () => {
  it("goes on with its rooms and personal channels on another node", async () => {
    const speaker = await listen(a, "/channels", "g0");
    await speaker.ask("join_room", { room: "lab" });
    const cut = await listenRaw(a, "/ws", "g1");
    cut.send({ type: "join_room", content: "lab" });
    await speaker.hears("presence", '"g1"');
    await speaker.ask("room_message", { room: "lab", text: "before" });
    await cut.hears("room_message", "before");
    await speaker.ask("user_message", { to: "g1", text: "personal before" });
    await cut.hears("user_message", "personal before");

    cut.client.ws.terminate();
    await speaker.ask("room_message", { room: "lab", text: "meanwhile" });
    await speaker.ask("user_message", { to: "g1", text: "personal meanwhile" });
    const again = await listenRaw(b, "/ws", "g1");
    await again.hears("room_message", "meanwhile");
    await again.hears("user_message", "personal meanwhile");
    await speaker.ask("room_message", { room: "lab", text: "after" });
    await again.hears("room_message", "after");
    again.send({ type: "room_message", content: { room: "lab", text: "mine" } });
    await speaker.hears("room_message", "mine", '"g1"');
    expect(speaker.heard.flatMap(({ name, body }) => (name === "presence" ? body.left : []))).toEqual([]);
    for (const listener of [speaker, again]) listener.close();
  });

  it("goes on with its subscriptions where its client had got", async () => {
    const call = async (path: string, body: unknown) => expect((await a.call("POST", path, body)).status).toBe(201);
    await call("/api/v1/run-sessions", { sessionId: "s8", userId: "c1" });
    const run = (stdout: string) => call("/api/v1/run-results/s8", { stdout, stderr: "", exitCode: 0, duration: 1 });
    const cut = await listenRaw(a, "/", "c1");
    for (const channel of ["run-results/s8", "notifications/c1"]) {
      cut.send({ type: "subscribe", channel });
      await cut.hears("subscribed", channel);
    }
    await run("one");
    await cut.hears("run-results", "one");
    // The pong to the server's ping moves the cursor, within a second of the frame.
    await eventually(async () => (await kept("c1", "run-results/s8")) === 1, { what: "the first one being acked" });
    cut.client.ws.terminate();
    await run("two");
    await call("/api/v1/notifications", { userId: "c1", title: "t", message: "meanwhile" });
    const again = await listenRaw(b, "/", "c1");
    await again.hears("run-results", "two");
    await again.hears("notifications", "meanwhile");
    await run("three");
    await again.hears("run-results", "three");
    const outputs = again.heard.filter(({ name }) => name === "run-results").map(({ body }) => body.data.stdout);
    expect(outputs).toEqual(["two", "three"]);
    again.close();
  });

  it("loses nothing when it is cut again while it takes over", async () => {
    const rooms = Array.from({ length: 20 }, (_, n) => `again-${n}`);
    const first = await listenRaw(a, "/ws", "g2");
    for (const room of rooms) first.send({ type: "join_room", content: room });
    first.send({ type: "ping", content: null });
    await first.hears("pong"); // the answer comes when all of them are joined, and that is kept
    first.client.ws.terminate();
    for (const room of rooms)
      expect((await a.call("POST", `/api/v1/rooms/${room}/messages`, { text: "missed" })).status).toBe(201);
    for (const node of [b, a]) {
      (await listenRaw(node, "/ws", "g2")).client.ws.terminate(); // as soon as it is open
      const rooms = node.classwire.io.of("/channels").adapter.rooms;
      await eventually(() => !rooms.has("user:g2"), { what: "the node seeing that it is gone" });
    }
    const halfway = await listenRaw(b, "/ws", "g2");
    await halfway.hears("room_message");
    halfway.client.ws.terminate();
    await eventually(() => !b.classwire.io.of("/channels").adapter.rooms.has("user:g2"));
    const last = await listenRaw(a, "/ws", "g2");
    // What the one before it had time to confirm need not come again.
    const heardIn = (room: string) =>
      [halfway, last].some(({ heard }) => heard.some(({ body }) => body.content?.room === room));
    await eventually(() => rooms.every(heardIn), { what: "what was missed in every room" });
    last.close();
  });

  it("is told again what a dead line did not take, also when another connection had its turn meanwhile", async () => {
    const dead = await listenRaw(a, DASHBOARD, "83");
    await dead.hears("connection");
    await score(83, 1);
    await dead.hears("quiz_completed", '"score":1');
    dead.client.ws.pause(); // from here on it reads nothing, and answers no ping
    await score(83, 2);
    await score(83, 3);
    const other = await listen(b, "/dashboard", "83");
    await eventually(() => isSilent(a, "83"), { what: "the dead one waiting" });
    other.close();
    await eventually(() => !isSilent(a, "83"), { what: "its turn" });
    dead.client.ws.terminate();
    const next = await listenRaw(b, DASHBOARD, "83");
    await next.hears("quiz_completed", '"score":2');
    await next.hears("quiz_completed", '"score":3');
    next.close();
  });

  it("inherits nothing from a clean end", async () => {
    const first = await listenRaw(a, "/ws", "h1");
    first.send({ type: "join_room", content: "quiet" });
    await eventually(() => a.classwire.io.of("/channels").adapter.rooms.has("rooms/quiet"));
    first.client.ws.close(1000);
    await first.client.closed;
    const second = await listenRaw(b, "/ws", "h1");
    second.send({ type: "room_message", content: { room: "quiet", text: "hello" } });
    await second.hears("error", "FORBIDDEN");
    second.close();
  });
});

/** Whether the dashboard of this user on this node hears nothing at present. */
function isSilent(server: TestServer, user: string): boolean {
  return !server.classwire.io.of("/dashboard").adapter.rooms.has(`user:${user}`);
}

/** The cursor of a user in a channel, as another node knows it. */
async function kept(user: string, channel: string): Promise<number | undefined> {
  const { signToken } = await import("../support/tokens.ts");
  const socket = b.connect("/channels", signToken(user));
  try {
    const answer = await socket.emitWithAck("subscribe", { channel });
    return answer.offset - answer.replayed;
  } finally {
    socket.close();
  }
}
