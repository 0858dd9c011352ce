// What goes wrong has one shape, says what is the caller's to know, and nothing else.
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Failure } from "../../src/contract/errors.ts";
import { replyOf } from "../../src/http/execute.ts";
import { type Api, startApi, TOKENS } from "./api.ts";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const json = { Authorization: `Bearer ${TOKENS.service}`, "Content-Type": "application/json" };
const send = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  api.fetch(path, { method: "POST", body, headers: { ...json, ...headers } });

describe("bodies", () => {
  it.each([
    ['{"message": ', /^body must be JSON(, and is not from position 12 on)?$/],
    ["hello", /^body must be JSON$/],
    ['{"message":"m",}', /^body must be JSON, and is not from position 15 on$/],
  ])("like %s are refused as no JSON", async (body, message) => {
    const answer = await send("/api/v1/system", body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: "INVALID_MESSAGE", message: expect.stringMatching(message) });
  });

  it("that are JSON, but no object, are named for that", async () => {
    expect((await send("/api/v1/system", "null")).body.error.message).toBe("body must be an object");
  });

  it.each([
    ["/api/v1/notifications", '{"userId":N,"title":"t","message":"m"}', "userId must be a string"],
    ["/api/v1/disconnect", '{"userId":N}', "userId must be a string"],
    ["/api/v1/revocations", '{"userId":N}', "userId must be a string"],
    ["/api/v1/revocations", '{"tokenId":N}', "tokenId must be a string"],
    ["/api/v1/run-sessions", '{"userId":N}', "userId must be a string"],
    ["/api/ws/send", '{"type":"t","to":N,"content":1}', "to must be a string"],
    [
      "/api/v1/data-updates",
      '{"entity":"e","action":"update","id":"1","data":{},"to":{"user":N}}',
      "to.user must be a string",
    ],
    [
      "/api/v1/data-updates",
      '{"entity":"e","action":"update","id":N,"data":{}}',
      "id must be at most 9007199254740991",
    ],
    [
      "/api/v1/progress",
      '{"user_id":N,"topic_id":"constants","chapter_id":"boolean-constants","completed":true}',
      "user_id must be at most 9007199254740991",
    ],
  ])(
    "to %s with a number that JSON rounds for an id are refused by the field's name: %s",
    async (path, body, message) => {
      const answer = await send(path, body.replace("N", "12345678901234567890"));
      expect([answer.status, answer.body.error.message]).toEqual([400, message]);
    },
  );

  it("that a schema refuses are named field by field", async () => {
    const answer = await api.post("/api/v1/progress", { user_id: 1.5, topic_id: "a/b", completed: true });
    expect(answer.status).toBe(400);
    expect(Object.keys(answer.body.error.fields ?? {})).toEqual(["user_id", "topic_id", "chapter_id"]);
    expect(answer.body.error.message).toMatch(/^user_id must be /);
  });

  it.each(["[]", "null", "5", '""', '{"__proto__": {"message": "m", "level": "info"}}', '[{"message":"m"}]'])(
    "like %s are refused",
    async (body) => {
      expect((await send("/api/v1/system", body)).status).toBe(400);
    },
  );

  it("with text that the database cannot keep are refused", async () => {
    const nul = "a\u0000";
    const answers = [
      await api.post("/api/v1/run-sessions", { userId: nul }),
      await api.post("/api/v1/notifications", { userId: nul, title: "t", message: "m" }),
      await api.put("/api/v1/topics", [{ id: "t", displayName: nul, chapters: [] }]),
      await api.get("/api/v1/study-time/1/a%00"),
    ];
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    // Free text is kept as JSON, where it can.
    const text = await api.post("/api/v1/rooms/r/messages", { text: nul });
    expect(text.status).toBe(201);
    expect((await api.get("/api/v1/channels/rooms/r/events")).body.events[0]?.data["text"]).toBe(nul);
  });

  it("nested without end are refused, and nothing breaks", async () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const update = `{"entity":"a","action":"create","id":1,"data":${deep}}`;
    const answer = await send("/api/v1/data-updates", update);
    expect([answer.status, answer.body.error.fields]).toEqual([400, { data: "must be JSON nested at most 32 deep" }]);
    expect((await send("/api/v1/progress", deep)).status).toBe(400);
  });

  it.each(["text/plain", "application/x-www-form-urlencoded"])("of type %s are refused", async (type) => {
    const answer = await send("/api/v1/system", '{"message":"m","level":"info"}', { "Content-Type": type });
    expect([answer.status, answer.body.error.code]).toEqual([400, "INVALID_MESSAGE"]);
    expect(answer.body.error.message).toContain("application/json");
  });

  it("above 512 KB are refused, also when they were small on the way", async () => {
    const message = { message: "m".repeat(1000), level: "info", more: "x".repeat(524_288) };
    const plain = await api.post("/api/v1/system", message);
    expect([plain.status, plain.body.error.code]).toEqual([413, "TOO_LARGE"]);
    const packed = await send("/api/v1/system", gzipSync(JSON.stringify(message)), { "Content-Encoding": "gzip" });
    expect([packed.status, packed.body.error.code]).toEqual([413, "TOO_LARGE"]);
    const just = await api.post("/api/v1/system", { ...message, more: "x".repeat(500_000) });
    expect(just.status).toBe(202);
  });

  it.each([
    ["an unknown encoding", { "Content-Encoding": "rot13" }, "must have no Content-Encoding but gzip, deflate or br"],
    ["a broken encoding", { "Content-Encoding": "gzip" }, "must be what its Content-Encoding says"],
    ["an unknown charset", { "Content-Type": "application/json; charset=klingon" }, "must be in UTF-8"],
  ])("with %s are refused", async (_what, headers: Record<string, string>, problem) => {
    const answer = await send("/api/v1/system", "{}", headers);
    expect([answer.status, answer.body.error.code]).toEqual([400, "INVALID_MESSAGE"]);
    expect(answer.body.error).toMatchObject({ message: `body ${problem}`, fields: { body: problem } });
  });
});

describe("paths and methods", () => {
  it("that nobody knows are a 404 in the same shape", async () => {
    const answer = await api.get("/api/v1/nothing");
    expect([answer.status, answer.body]).toEqual([
      404,
      { error: { code: "NOT_FOUND", message: "there is nothing at this path" } },
    ]);
    expect(answer.headers.get("x-powered-by")).toBeNull();
  });

  it("that go together with no other method say so", async () => {
    const answer = await api.get("/api/v1/progress");
    expect([answer.status, answer.body.error.code, answer.headers.get("allow")]).toEqual([
      404,
      "NOT_FOUND",
      "POST, OPTIONS",
    ]);
    expect((await api.fetch("/api/v1/topics", { method: "DELETE" })).headers.get("allow")).toBe("PUT, OPTIONS");
  });

  it("with a broken percent-encoding are refused", async () => {
    const answer = await api.get("/api/v1/dashboard/%E0%A4%A");
    expect([answer.status, answer.body.error]).toEqual([
      400,
      {
        code: "INVALID_MESSAGE",
        message: "path must be valid percent-encoding",
        fields: { path: "must be valid percent-encoding" },
      },
    ]);
  });

  it("answer HEAD like GET, without the body", async () => {
    const answer = await api.fetch("/healthz", { method: "HEAD" });
    expect([answer.status, answer.text]).toEqual([200, ""]);
  });

  it("with a query parameter twice are refused", async () => {
    const answer = await api.get("/api/v1/channels/rooms/r/events?since=1&since=2");
    expect([answer.status, Object.keys(answer.body.error.fields ?? {})]).toEqual([400, ["since"]]);
  });
});

describe("faults of ours", () => {
  it("tell the caller nothing, and the log everything", async () => {
    const broken = await startApi();
    onTestFinished(() => broken.close());
    await broken.store.query("DROP TABLE study_time", []);
    const answer = await broken.get("/api/v1/study-time/1");
    expect([answer.status, answer.body]).toEqual([
      503,
      { error: { code: "SERVER_ERROR", message: "the server cannot do this now, try again" } },
    ]);
    expect(broken.logged.join("")).toMatch(/study_time.* does not exist/);
  });

  it("that will pass say when to come again", async () => {
    const broken = await startApi();
    onTestFinished(() => broken.close());
    await broken.store.close();
    const away = await broken.get("/api/v1/dashboard/1");
    expect([away.status, away.headers.get("retry-after")]).toEqual([503, "1"]);
    const failure = new Failure("SERVER_ERROR", undefined, { retryAfterMs: 4_100 });
    expect(replyOf(failure).headers["Retry-After"]).toBe("5");
  });
});

describe("the log", () => {
  it("has a line for each call, without query, token or body", async () => {
    const secret = TOKENS.user("logged-user");
    await api.get("/api/v1/study-time/logged-user?token=in-the-query", { as: secret });
    const lines = api.logged.map((line) => JSON.parse(line)).filter((line) => line.msg === "call");
    expect(lines.at(-1)).toMatchObject({
      method: "GET",
      path: "/api/v1/study-time/logged-user",
      status: 200,
      ms: expect.any(Number),
      caller: "logged-user",
    });
    await api.post("/api/v1/system", { message: "the body's own words", level: "info" });
    await api.get("/api/v1/study-time/x", { as: "not-a-token" });
    for (const word of [secret, "in-the-query", "the body's own words", "not-a-token", TOKENS.service]) {
      expect(api.logged.join("")).not.toContain(word);
    }
  });
});
