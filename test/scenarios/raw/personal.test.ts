// What documented raw clients say and hear, against the whole server: the dashboard and the study-time dialect.
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startClasswire, type TestServer } from "../../support/classwire.ts";
import { eventually } from "../../support/eventually.ts";
import { type Client, connect, type Frame, refusedUpgrade } from "../../support/raw-client.ts";
import { signToken } from "../../support/tokens.ts";

let server: TestServer;
let url: string;
beforeAll(async () => {
  server = await startClasswire();
  url = server.url.replace("http", "ws");
});
afterAll(() => server.close());

const RFC3339 = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/);
const FIRST = { type: "connection", message: "连接成功", timestamp: RFC3339 };

describe("the dashboard dialect", () => {
  const open = (user: string): Promise<Client> => connect(`${url}/api/v1/ws/dashboard?token=${signToken(user)}`);

  it("says exactly what it documents", async () => {
    const client = await open("501");
    expect(await client.next()).toEqual(FIRST);
    client.send({ type: "ping" });
    expect(await client.next()).toEqual({ type: "pong", timestamp: RFC3339 });

    const progress = { user_id: 501, topic_id: "lexical-elements", chapter_id: "identifiers", completed: true };
    await server.call("POST", "/api/v1/progress", progress);
    expect(await client.next()).toEqual({
      event: "progress_updated",
      data: { ...progress, topic_display_name: "词法元素", chapter_display_name: "标识符", timestamp: RFC3339 },
    });
    const quiz = {
      user_id: 501,
      topic_id: "constants",
      chapter_id: "integer-constants",
      score: 5,
      total_questions: 10,
    };
    await server.call("POST", "/api/v1/quizzes", quiz);
    const scored = await client.next();
    expect(scored).toEqual({
      event: "quiz_completed",
      data: {
        ...quiz,
        quiz_id: expect.any(Number),
        topic_display_name: "常量",
        chapter_display_name: "整数常量",
        passed: false,
        timestamp: RFC3339,
      },
    });
    expect(Buffer.byteLength(JSON.stringify(scored))).toBeLessThan(1024);

    client.send("{");
    const malformed = { type: "error", code: "INVALID_MESSAGE", message: "the frame is not JSON", timestamp: RFC3339 };
    expect(await client.next()).toEqual(malformed);
    client.send({ type: "auth", token: "nonsense" });
    expect(await client.next()).toMatchObject({ type: "error", code: "INVALID_TOKEN" });
    client.send({ type: "auth", token: signToken("501") });
    client.send({ type: "ping" });
    expect(await client.next()).toMatchObject({ type: "pong" });
    client.ws.close();
  });

  it("takes the token from the first frame too", async () => {
    const client = await connect(`${url}/api/v1/ws/dashboard`);
    client.send({ type: "auth", token: signToken("502") });
    expect(await client.next()).toEqual(FIRST);
    client.ws.close();
  });

  it.each([
    ["an expired token", "TOKEN_EXPIRED", signToken("503", { expiresIn: -10 })],
    ["a user id that is no whole number", "AUTH_FAILED", signToken("user-1")],
    ["a token of another key", "INVALID_TOKEN", signToken("503", { key: "another secret of at least 32 bytes....." })],
  ])("refuses %s with its code, then 1008", async (_name, code, token) => {
    const client = await connect(`${url}/api/v1/ws/dashboard?token=${token}`);
    expect(await client.next()).toMatchObject({ type: "error", code, timestamp: RFC3339 });
    expect((await client.closed).code).toBe(1008);
  });

  it("gets what came after a cut, and nothing twice after a clean end", async () => {
    const complete = (chapter_id: string, completed: boolean) =>
      server.call("POST", "/api/v1/progress", { user_id: 504, topic_id: "lexical-elements", chapter_id, completed });
    const first = await open("504");
    const pinged = once(first.ws, "ping");
    await first.next();
    await complete("identifiers", true);
    expect(await first.next()).toMatchObject({ event: "progress_updated" });
    await pinged; // ws answers it, and so acknowledges the event
    first.send({ type: "ping" });
    expect(await first.next()).toMatchObject({ type: "pong" }); // what it sent before has been handled
    first.ws.terminate();
    await eventually(() => online("/dashboard") === 0);
    await complete("keywords", true);
    const second = await open("504");
    expect(await second.next()).toEqual(FIRST);
    expect(await second.next()).toMatchObject({ event: "progress_updated", data: { chapter_id: "keywords" } });
    second.ws.close(1000);
    await eventually(() => online("/dashboard") === 0);
    await complete("keywords", false);
    const third = await open("504");
    expect(await third.next()).toEqual(FIRST);
    await complete("identifiers", false);
    expect(await third.next()).toMatchObject({ data: { chapter_id: "identifiers", completed: false } });
    third.ws.close();
  });
});

describe("the study-time dialect", () => {
  const open = (query: string): Promise<Client> => connect(`${url}/api/study-time?${query}`);
  const fine = { type: "heartbeat_response", status: "success", studyTime: expect.any(Number) };

  it("answers heartbeats and says nothing else; whatever is malformed leaves the time as it is", async () => {
    const client = await open("userId=600&courseId=go-101");
    client.send({ type: "heartbeat", timestamp: new Date().toISOString() });
    expect(await client.next()).toEqual(fine);
    for (const frame of ["{", "[]", { type: "ping" }]) {
      client.send(frame);
      const refusal = { code: "INVALID_MESSAGE", message: "payload must be a heartbeat, {timestamp}" };
      expect(await client.next()).toEqual({ ...fine, status: "error", ...refusal });
    }
    for (const timestamp of ["yesterday", {}, "20251226t140530,5+0800"]) {
      client.send({ type: "heartbeat", timestamp });
      expect(await client.next()).toEqual(fine);
    }
    client.send({ type: "heartbeat" });
    expect(await client.next()).toEqual(fine);
    expect(client.frames).toHaveLength(8);
    client.ws.close();
  });

  it.each([
    ["no course", "userId=601", "INVALID_MESSAGE"],
    ["an empty course", "userId=601&courseId=", "INVALID_MESSAGE"],
    ["nobody", "courseId=c", "AUTH_FAILED"],
    ["another user's token", `userId=601&courseId=c&token=${signToken("602")}`, "AUTH_FAILED"],
    ["a bad token, though the query names a user", "userId=601&courseId=c&token=bad", "INVALID_TOKEN"],
    ["a course twice", "userId=601&courseId=c&courseId=d", "INVALID_MESSAGE"],
  ])("refuses %s in the only frame its clients know, then 1008", async (_name, query, code) => {
    const client = await open(query);
    const refusal: Frame = {
      type: "heartbeat_response",
      status: "error",
      studyTime: 0,
      code,
      message: expect.any(String),
    };
    expect(await client.next()).toEqual(refusal);
    expect((await client.closed).code).toBe(1008);
  });

  it("lets the newest in, and closes the one before with 1008", async () => {
    const older = await open("userId=603&courseId=c");
    older.send({ type: "heartbeat" });
    await older.next();
    const newer = await open(`courseId=c&token=${signToken("603")}`);
    expect(await older.closed).toMatchObject({ code: 1008 });
    expect(older.frames).toHaveLength(1);
    newer.send({ type: "heartbeat" });
    expect(await newer.next()).toEqual(fine);
    newer.ws.close();
  });
});

it("no other path can be upgraded", async () => {
  for (const path of ["/nowhere", "/api/v1/ws/dashboard/", "/channels"]) {
    expect(await refusedUpgrade(url + path)).toMatchObject({ status: 404 });
  }
});

function online(namespace: string): number {
  return server.classwire.io.of(namespace).sockets.size;
}
