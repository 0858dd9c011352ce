// The calls that publish and read: answers, events in the log, what sockets hear, who may.
import { io as connect, type Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { GUESTS } from "../../src/cluster/presence.ts";
import { EVERYONE } from "../../src/contract/channel-names.ts";
import { type Api, startApi, TOKENS } from "./api.ts";

let api: Api;
beforeAll(async () => {
  api = await startApi();
  await api.services.catalogue.seedIfEmpty();
});
afterAll(() => api.close());

const chapter = { topic_id: "constants", chapter_id: "integer-constants" };
const channel = async (name: string) => (await api.log.read(name, 0, 100)).events;

/** A socket in `/channels` and in these rooms, with everything it hears. */
async function listen(
  ...rooms: string[]
): Promise<{ socket: Socket; heard: [string, unknown][]; next: () => Promise<void> }> {
  const socket = connect(`${api.url}/channels`, {
    auth: { rooms: rooms.join(",") },
    forceNew: true,
    transports: ["websocket"],
  });
  onTestFinished(() => void socket.disconnect());
  const heard: [string, unknown][] = [];
  let wake: () => void = () => undefined;
  socket.onAny((event: string, payload: unknown) => {
    heard.push([event, payload]);
    wake();
  });
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  const next = () =>
    new Promise<void>((resolve) => {
      if (heard.length > 0) resolve();
      else wake = resolve;
    });
  return { socket, heard, next };
}

describe("progress", () => {
  it("is saved and told once, and answers with the event's data", async () => {
    const body = { user_id: 1, ...chapter, completed: true };
    const first = await api.post("/api/v1/progress", body);
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ ...body, topic_display_name: "常量", chapter_display_name: "整数常量" });
    expect((await api.post("/api/v1/progress", body)).status).toBe(200);
    expect(await channel("dashboard/1")).toMatchObject([{ event: "progress_updated", data: first.body }]);
  });

  it("may be reported by the user, and by no other user", async () => {
    const body = { user_id: 2, ...chapter, completed: true };
    expect((await api.post("/api/v1/progress", body, { as: TOKENS.user("2") })).status).toBe(200);
    const other = await api.post("/api/v1/progress", body, { as: TOKENS.user("3") });
    expect([other.status, other.body.error.code]).toEqual([403, "FORBIDDEN"]);
  });

  it("of an unknown chapter is a 404 and saves nothing", async () => {
    const body = { user_id: 4, topic_id: "constants", chapter_id: "nowhere", completed: true };
    const answer = await api.post("/api/v1/progress", body);
    expect([answer.status, answer.body.error.code]).toEqual([404, "NOT_FOUND"]);
    expect(await channel("dashboard/4")).toEqual([]);
  });
});

describe("quizzes and dashboards", () => {
  it("are saved, told and shown", async () => {
    const quiz = { user_id: 5, ...chapter, score: 3, total_questions: 5 };
    const answer = await api.post("/api/v1/quizzes", quiz);
    expect([answer.status, answer.body.passed]).toEqual([201, true]);
    const own = await api.get("/api/v1/dashboard/5", { as: TOKENS.user("5") });
    expect(own.body).toMatchObject({ stats: { totalChapters: 4 }, recent_quizzes: [answer.body], offset: 1 });
    expect((await api.get("/api/v1/dashboard/5", { as: TOKENS.user("6") })).status).toBe(403);
    expect((await api.post("/api/v1/quizzes", quiz, { as: TOKENS.user("5") })).status).toBe(403);
  });

  it("want a user id that is a whole number", async () => {
    for (const id of ["abc", "1.5", "01", "-1"]) {
      const answer = await api.get(`/api/v1/dashboard/${id}`);
      expect([answer.status, answer.body.error.fields]).toEqual([400, { userId: "must be a whole number" }]);
    }
  });
});

describe("run sessions and results", () => {
  it("belong to the first who registers them", async () => {
    const made = await api.post("/api/v1/run-sessions", { userId: "r1" }, { as: TOKENS.user("r1") });
    expect([made.status, typeof made.body.sessionId]).toEqual([201, "string"]);
    const same = await api.post("/api/v1/run-sessions", { userId: "r1", sessionId: made.body.sessionId });
    expect([same.status, same.body]).toEqual([201, made.body]);
    const other = await api.post("/api/v1/run-sessions", { userId: "r2", sessionId: made.body.sessionId });
    expect([other.status, other.body.error.code]).toEqual([409, "CONFLICT"]);
    const foreign = await api.post("/api/v1/run-sessions", { userId: "r2" }, { as: TOKENS.user("r1") });
    expect(foreign.status).toBe(403);
  });

  it("with results already are not a user's to claim, and a user's claim is a backend's to overrule", async () => {
    const result = { stdout: "secret", stderr: "", exitCode: 0, duration: 1 };
    await api.post("/api/v1/run-results/unowned", result);
    const body = { sessionId: "unowned", userId: "r3" };
    const claim = await api.post("/api/v1/run-sessions", body, { as: TOKENS.user("r3") });
    expect([claim.status, claim.body.error.code]).toEqual([403, "FORBIDDEN"]);
    const batch = await api.post(
      "/api/v1/batch",
      { items: [{ path: "/api/v1/run-sessions", body }] },
      { as: TOKENS.user("r3") },
    );
    expect([batch.status, batch.body.results?.[0]?.status ?? 403]).not.toContain(201);
    expect((await api.post("/api/v1/run-sessions", body)).status).toBe(201);

    const early = { sessionId: "guessed", userId: "r3" };
    expect((await api.post("/api/v1/run-sessions", early, { as: TOKENS.user("r3") })).status).toBe(201);
    expect((await api.post("/api/v1/run-sessions", { ...early, userId: "r4" })).status).toBe(201);
    const again = await api.post("/api/v1/run-sessions", early, { as: TOKENS.user("r3") });
    expect([again.status, again.body.error.code]).toEqual([409, "CONFLICT"]);
  });

  it("are kept in the session's channel", async () => {
    const result = { stdout: "1\n", stderr: "", exitCode: 0, duration: 12.5 };
    const answer = await api.post("/api/v1/run-results/s-1", result);
    expect([answer.status, answer.body]).toEqual([201, { channel: "run-results/s-1", offset: 1 }]);
    expect(await channel("run-results/s-1")).toMatchObject([{ event: "run-results", data: result }]);
  });
});

describe("notifications", () => {
  const notification = { title: "Hello", message: "there", link: "/x" };

  it("to one user are kept, and say whether the user is connected", async () => {
    const away = await api.post("/api/v1/notifications", { userId: "n:1", ...notification });
    const [event] = await channel("notifications/n%3A1");
    expect([away.status, away.body]).toEqual([
      201,
      { id: event?.id, channel: "notifications/n%3A1", offset: 1, online: false },
    ]);
    expect(event?.data).toEqual(notification);
    await api.cluster.presence.enter("channels", "n:1", "c1");
    const here = await api.post("/api/v1/notifications", { userId: "n:1", ...notification });
    expect(here.body).toMatchObject({ offset: 2, online: true });
    await api.cluster.presence.leave("channels", "n:1", "c1");
  });

  it("to everyone go to the channel of everyone", async () => {
    const answer = await api.post("/api/v1/notifications", { everyone: true, ...notification });
    expect(answer.body).toMatchObject({ channel: EVERYONE, online: false });
    expect(await channel(EVERYONE)).toMatchObject([{ event: "notifications", data: notification }]);
    // A guest is somebody, too.
    await api.cluster.presence.enter(GUESTS.group, GUESTS.member, "c1");
    const heard = await api.post("/api/v1/notifications", { everyone: true, ...notification });
    expect(heard.body).toMatchObject({ channel: EVERYONE, online: true });
    await api.cluster.presence.leave(GUESTS.group, GUESTS.member, "c1");
  });

  it("name exactly one receiver", async () => {
    for (const body of [notification, { userId: "1", everyone: true, ...notification }]) {
      const answer = await api.post("/api/v1/notifications", body);
      expect([answer.status, Object.keys(answer.body.error.fields ?? {})]).toEqual([400, ["userId"]]);
    }
  });
});

describe("what is said now and not kept", () => {
  it("reaches everyone, one user, or one room", async () => {
    const everyone = await listen("user:u1", "rooms/r1");
    expect((await api.post("/api/v1/system", { message: "m", level: "info" })).status).toBe(202);
    await everyone.next();
    expect(everyone.heard).toMatchObject([["system", { message: "m", level: "info", code: 0 }]]);
    everyone.heard.length = 0;
    const update = { entity: "post", action: "update", id: 1, data: { a: [1] } };
    for (const to of [{ user: "u2" }, { room: "r2" }, { user: "u1" }]) {
      expect((await api.post("/api/v1/data-updates", { ...update, to })).status).toBe(202);
    }
    await everyone.next();
    expect(everyone.heard).toMatchObject([["data_update", update]]);
    const both = { ...update, to: { user: "u1", room: "r1" } };
    expect((await api.post("/api/v1/data-updates", both)).status).toBe(400);
  });

  it("has any type, and says whether the user is there", async () => {
    const user = await listen("user:m1");
    await api.cluster.presence.enter("channels", "m1", "c1");
    const frame = { type: "order_status", content: { order_id: "1", status: "sent" } };
    const sent = await api.post("/api/ws/send", { ...frame, to: "m1" });
    expect([sent.status, sent.body]).toEqual([202, { delivered: true }]);
    await user.next();
    expect(user.heard).toEqual([["order_status", frame.content]]);
    expect((await api.post("/api/ws/send", { ...frame, to: "m2" })).body).toEqual({ delivered: false });
    user.heard.length = 0;
    expect((await api.post("/api/ws/broadcast", { type: "own", content: "x" })).status).toBe(202);
    await user.next();
    expect(user.heard).toEqual([["push", { type: "own", content: "x" }]]);
    await api.cluster.presence.leave("channels", "m1", "c1");
  });
});

describe("status, disconnect and revocations", () => {
  it("counts connections and names users once", async () => {
    const { presence } = api.cluster;
    for (const [user, id] of [
      ["b", "1"],
      ["a", "2"],
      ["b", "3"],
    ] as const)
      await presence.enter("channels", user, id);
    const answer = await api.get("/api/ws/status");
    expect([answer.status, answer.body]).toEqual([200, { online_count: 3, online_users: ["a", "b"] }]);
    for (const [user, id] of [
      ["b", "1"],
      ["a", "2"],
      ["b", "3"],
    ] as const)
      await presence.leave("channels", user, id);
  });

  it("ends a user's connections", async () => {
    const { socket } = await listen("user:d1");
    const gone = new Promise((resolve) => socket.once("disconnect", resolve));
    expect((await api.post("/api/v1/disconnect", { userId: "d1" })).status).toBe(202);
    expect(await gone).toBe("io server disconnect");
  });

  it("makes tokens void", async () => {
    const [old, single] = [TOKENS.user("v1"), TOKENS.user("v2")];
    const path = "/api/v1/study-time/v1";
    expect((await api.get(path, { as: old })).status).toBe(200);
    const answer = await api.post("/api/v1/revocations", { userId: "v1" });
    expect([answer.status, typeof answer.body.before]).toEqual([201, "number"]);
    expect((await api.get(path, { as: old })).body.error.code).toBe("INVALID_TOKEN");
    expect((await api.get("/api/v1/study-time/v2", { as: single })).status).toBe(200);
    expect((await api.post("/api/v1/revocations", {})).status).toBe(400);
  });
});

describe("studied time", () => {
  it("is read by course or all together, by the user and by backends", async () => {
    const { connectedAt } = await api.services.studyTime.open("t1", "go/1");
    await api.services.studyTime.credit("t1", "go/1", connectedAt - 5_000);
    const one = await api.get("/api/v1/study-time/t1/go%2F1", { as: TOKENS.user("t1") });
    expect(one.body).toEqual({ userId: "t1", courseId: "go/1", studyTime: expect.any(Number) });
    expect((await api.get("/api/v1/study-time/t1")).body).toEqual([one.body]);
    expect((await api.get("/api/v1/study-time/t1", { as: TOKENS.user("t2") })).status).toBe(403);
    expect((await api.get("/api/v1/study-time/t1/never")).body).toMatchObject({ studyTime: 0 });
  });
});

describe("the catalogue", () => {
  it("is put by backends only", async () => {
    const seeded = await api.store.prisma.topic.findMany({ include: { chapters: { orderBy: { position: "asc" } } } });
    const body = seeded.map(({ id, displayName, chapters }) => ({
      id,
      displayName,
      chapters: chapters.map((one) => ({ id: one.id, displayName: one.displayName })),
    }));
    const answer = await api.put("/api/v1/topics", body);
    expect([answer.status, answer.body]).toEqual([200, { topics: 2, chapters: 4 }]);
    expect((await api.put("/api/v1/topics", body, { as: TOKENS.user("1") })).status).toBe(403);
    expect((await api.put("/api/v1/topics", [...body, body[0]])).body.error.fields).toEqual({
      "2.id": "is there twice",
    });
  });
});

describe("messages to rooms", () => {
  it("are from whoever calls", async () => {
    const answer = await api.post("/api/v1/rooms/chat:1/messages", { text: "hi", from: "somebody else" });
    const [event] = await channel("rooms/chat:1");
    expect([answer.status, answer.body]).toEqual([201, { id: event?.id, offset: 1 }]);
    expect(event).toMatchObject({
      event: "room_message",
      data: { room: "chat:1", text: "hi", from: "backend", username: "Backend" },
    });
    expect((await api.post("/api/v1/rooms/chat:1/messages", {})).status).toBe(400);
    expect((await api.post("/api/v1/rooms/a%2Fb/messages", { text: "x" })).body.error.fields).toHaveProperty("room");
  });
});
