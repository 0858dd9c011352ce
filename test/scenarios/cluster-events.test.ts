// What happens on one node is heard on the others, over both transports and in every dialect.
import { Emitter } from "@socket.io/redis-emitter";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { next, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { signToken } from "../support/tokens.ts";
import { type Listener, listen, listenRaw, type Nodes, startNodes } from "./nodes.ts";

let nodes: Nodes;
let a: TestServer;
let b: TestServer;
let c: TestServer;
beforeAll(async () => {
  nodes = await startNodes(3, { DASHBOARD_ATTEMPTS_PER_MINUTE: "100" });
  [a, b, c] = [nodes.node(0), nodes.node(1), nodes.node(2)];
});
afterAll(() => nodes.close());

/** Calls the API of the first node; anything but success is an error. */
async function post(path: string, body: unknown): Promise<Record<string, unknown>> {
  const answer = await a.call("POST", path, body);
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

const everyone = (listeners: Listener[], name: string, ...parts: string[]) =>
  Promise.all(listeners.map((listener) => listener.hears(name, ...parts)));

describe("three nodes", () => {
  it("carry progress and quizzes to dashboards", async () => {
    const far = await listen(b, "/dashboard", "21");
    const raw = await listenRaw(c, "/api/v1/ws/dashboard", "22");
    await raw.hears("connection");
    for (const user_id of [21, 22]) {
      const chapter = { user_id, topic_id: "constants", chapter_id: "boolean-constants" };
      await post("/api/v1/progress", { ...chapter, completed: true });
      await post("/api/v1/quizzes", { ...chapter, score: 3, total_questions: 5 });
    }
    for (const listener of [far, raw]) {
      await listener.hears("progress_updated", "布尔常量");
      await listener.hears("quiz_completed", '"passed":true');
    }
    expect(far.heard.map(({ name, offset }) => [name, offset])).toEqual([
      ["connected", undefined],
      ["progress_updated", 1],
      ["quiz_completed", 2],
    ]);
  });

  it("carry notifications to a user and to everyone, to each client in its own shape", async () => {
    const far = await listen(b, "/channels", "n1");
    await far.ask("subscribe", { channel: "notifications/n1" });
    const raw = await listenRaw(c, "/", "n1");
    raw.send({ type: "subscribe", channel: "notifications/n1" });
    await raw.hears("subscribed");
    const gateway = await listenRaw(b, "/ws", "n1");
    const messenger = await listenRaw(c, "/api/ws/connect?user_id=n1", "n1");
    await eventually(async () => (await status()).online_count === 4);

    expect(await post("/api/v1/notifications", { userId: "n1", title: "Hi", message: "one" })).toMatchObject({
      offset: 1,
      online: true,
    });
    await post("/api/v1/notifications", { everyone: true, title: "All", message: "two" });
    for (const text of ["one", "two"]) {
      await everyone([far, raw], "notifications", text);
      await everyone([gateway, messenger], "notification", text);
    }
    for (const listener of [far, raw, gateway, messenger]) listener.close();
  });

  it("wake a pending subscription, and carry run results", async () => {
    const far = await listen(b, "/channels", "r1");
    const raw = await listenRaw(c, "/", "r1");
    await far.ask("subscribe", { channel: "run-results/s1" });
    raw.send({ type: "subscribe", channel: "run-results/s1" });
    await raw.hears("subscribed");
    const result = { stdout: "42", stderr: "", exitCode: 0, duration: 3 };
    await post("/api/v1/run-results/s1", result);
    await post("/api/v1/run-sessions", { sessionId: "s1", userId: "r1" });
    await everyone([far, raw], "run-results", '"42"');
    await post("/api/v1/run-results/s1", { ...result, stdout: "43" });
    await everyone([far, raw], "run-results", '"43"');
    for (const listener of [far, raw]) listener.close();
  });

  it("carry what people say: to a room, to one user, to everyone, and that they type", async () => {
    const speaker = await listen(a, "/channels", "p1");
    const far = await listen(b, "/channels", "p2");
    const gateway = await listenRaw(c, "/ws", "p3");
    const messenger = await listenRaw(c, "/api/ws/connect?user_id=p3", "p3");
    await speaker.ask("join_room", { room: "chat:r1" });
    await far.ask("join_room", { room: "chat:r1" });
    gateway.send({ type: "join_room", content: "chat:r1" });
    await speaker.hears("presence", '"p2"');
    await everyone([speaker, far], "presence", '"p3"');
    expect((await speaker.ask("presence", { room: "chat:r1" })).online).toEqual(["p1", "p2", "p3"]);

    await speaker.ask("room_message", { room: "chat:r1", text: "to the room" });
    await everyone([speaker, far, gateway], "room_message", "to the room", '"p1"');
    await post("/api/v1/rooms/chat:r1/messages", { text: "from the backend" });
    await everyone([speaker, far, gateway], "room_message", "from the backend");

    expect(await speaker.ask("user_message", { to: "p3", text: "to you" })).toMatchObject({ delivered: true });
    await gateway.hears("user_message", "to you");
    await messenger.hears("chat", "to you");
    messenger.send({ type: "chat", to: "p2", content: "back to you" });
    await far.hears("user_message", "back to you", '"from":"p3"');
    messenger.send({ type: "chat", content: "hello all" });
    await everyone([speaker, far, messenger], "chat", "hello all", '"from":"p3"');

    await speaker.ask("typing", { to: "p3" });
    await messenger.hears("typing", '"from":"p1"');
    await speaker.ask("typing", { room: "chat:r1" });
    await far.hears("typing", '"from":"p1"');

    await far.ask("leave_room", { room: "chat:r1" });
    await speaker.hears("presence", '"left":["p2"]');
    for (const listener of [speaker, far, gateway, messenger]) listener.close();
  });

  it("carry what a backend says now, and who is there", async () => {
    await eventually(async () => (await status()).online_count === 0);
    const near = await listen(a, "/channels", "s0");
    const far = await listen(b, "/channels", "s1");
    const gateway = await listenRaw(c, "/ws", "s2");
    const messenger = await listenRaw(b, "/api/ws/connect?user_id=s1", "s1");
    await far.ask("join_room", { room: "class" });
    gateway.send({ type: "join_room", content: "class" });
    await far.hears("presence", '"s2"');
    await eventually(async () => {
      expect(await status()).toEqual({ online_count: 4, online_users: ["s0", "s1", "s2"] });
      return true;
    });

    await post("/api/v1/system", { message: "soon", level: "warning" });
    await everyone([near, far, gateway], "system", "soon");
    const changed = { entity: "course", action: "update", id: 7 };
    await post("/api/v1/data-updates", { ...changed, data: "for all" });
    await everyone([near, far, gateway], "data_update", "for all");
    await post("/api/v1/data-updates", { ...changed, data: "for s2", to: { user: "s2" } });
    await gateway.hears("data_update", "for s2");
    await post("/api/v1/data-updates", { ...changed, data: "for the class", to: { room: "class" } });
    await everyone([far, gateway], "data_update", "for the class");

    const order = { order_id: "o1", status: "shipped", tracking_no: "t1" };
    expect(await post("/api/ws/send", { type: "order_status", to: "s1", content: order })).toEqual({ delivered: true });
    await everyone([far, messenger], "order_status", "shipped");
    expect(await post("/api/ws/send", { type: "coupon", to: "nobody", content: 1 })).toEqual({ delivered: false });
    await post("/api/ws/broadcast", { type: "coupon", content: "ten percent" });
    await messenger.hears("coupon", "ten percent");

    expect(near.heard.filter(({ name }) => name === "data_update")).toHaveLength(1);
    for (const listener of [near, far, gateway, messenger]) listener.close();
    await eventually(async () => (await status()).online_count === 0);
  });

  it("let a standard emitter reach Socket.IO and raw clients everywhere", async () => {
    const unchecked = { uncheckedEvents: ["system", "notifications", "note"] }; // whoever has the Redis says what it likes
    const here = await listen(a, "/channels", "e1", {}, unchecked);
    const far = await listen(b, "/channels", "e1", {}, unchecked);
    const gateway = await listenRaw(c, "/ws", "e1");
    const dashboard = await listenRaw(b, "/api/v1/ws/dashboard", "31");
    const study = await listen(c, "/study-time", "e1", { courseId: "go" }, unchecked);
    await dashboard.hears("connection");
    await eventually(async () => (await status()).online_count === 3);
    const redis = await createClient({ url: nodes.redis.url }).connect();
    const emitter = new Emitter(redis);
    emitter.of("/channels").to("user:e1").emit("system", { message: "straight", level: "info", code: 1 });
    await everyone([here, far, gateway], "system", "straight");
    const note = { channel: "notifications/e1", data: { title: "t", message: "unkept" }, timestamp: 1 };
    emitter.of("/channels").to("user:e1").emit("notifications", note);
    await everyone([here, far], "notifications", "unkept");
    await gateway.hears("notification", "unkept");
    emitter.of("/dashboard").to("user:31").emit("progress_updated", { user_id: 31, completed: true });
    await dashboard.hears("progress_updated");
    emitter.of("/study-time").to("study:e1:go").emit("note", "study");
    await study.hears("note", "study");
    redis.destroy();
    for (const listener of [here, far, gateway, dashboard, study]) listener.close();
  });

  it("let no token cross Redis", async () => {
    const admin = createClient({ url: nodes.redis.url });
    await admin.connect();
    const crossed: string[] = [];
    await admin.monitor((line) => crossed.push(String(line)));
    const token = signToken({ sub: "51", jti: "marked" });
    const far = await listen(b, "/channels", token);
    const inQuery = b.connect("/channels", undefined, { query: { token } });
    const inHeader = b.connect("/dashboard", undefined, { extraHeaders: { authorization: `Bearer ${token}` } });
    await Promise.all([next(inQuery, "connected"), next(inHeader, "connected")]);
    const raws = await Promise.all(["/ws", "/api/ws/connect?user_id=51", "/"].map((path) => listenRaw(c, path, token)));
    await listen(c, "/study-time", token, { courseId: "go" });
    const renewed = signToken("51");
    await far.ask("refresh_token", { token: renewed });
    await far.ask("join_room", { room: "secret" });
    // What asks the other nodes about their sockets, and what sends them away.
    expect(await a.classwire.io.of("/channels").fetchSockets()).not.toHaveLength(0);
    await post("/api/v1/notifications", { userId: "51", title: "t", message: "seen" });
    await raws[0]?.hears("notification", "seen");
    await post("/api/v1/disconnect", { userId: "51" });
    await eventually(() => !far.socket.connected && !inHeader.connected);
    await post("/api/v1/revocations", { tokenId: "marked" });
    await eventually(() => crossed.some((line) => line.includes("seen")));
    admin.destroy();
    expect(crossed.length).toBeGreaterThan(50);
    const secrets = [token, renewed].flatMap((one) => one.split("."));
    expect(crossed.filter((line) => secrets.some((secret) => line.includes(secret)) || /eyJ\w/.test(line))).toEqual([]);
  });

  it("end a user's connections everywhere, and void a token", async () => {
    const far = await listen(b, "/channels", "41");
    const dashboard = await listen(c, "/dashboard", "41");
    const gateway = await listenRaw(c, "/ws", "41");
    const stays = await listen(b, "/channels", "42");
    const gone = () => !far.socket.connected && !dashboard.socket.connected;
    await post("/api/v1/disconnect", { userId: "41" });
    expect((await gateway.client.closed).code).toBe(1008);
    await eventually(gone);
    const token = signToken("41");
    const again = await listen(b, "/channels", token);
    await post("/api/v1/revocations", { userId: "41" });
    await eventually(() => !again.socket.connected);
    await expect(listen(c, "/channels", token)).rejects.toThrow("refused");
    const renewed = await listen(c, "/channels", signToken("41"));
    renewed.close();
    expect(stays.socket.connected).toBe(true);
    stays.close();
  });
});

async function status(): Promise<{ online_count: number; online_users: string[] }> {
  return (await a.call("GET", "/api/ws/status")).body;
}
