// The documents: complete, made from what is served, and readable without anything else.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { API } from "../../src/contract/api.ts";
import { quizExample } from "../../src/contract/dashboard.ts";
import { NAMESPACES } from "../../src/contract/namespaces.ts";
import { createExecute } from "../../src/http/execute.ts";
import { createRoutes } from "../../src/http/http.ts";
import { type Api, startApi } from "./api.ts";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const fetched = async (path: string) => (await api.get(path, { as: null })).body as unknown;
/** Every `$ref` in a document. */
const references = (document: unknown) =>
  [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to = ""]) => to);
const resolve = (document: unknown, reference: string): unknown =>
  reference
    .replace(/^#\//, "")
    .split("/")
    .reduce<unknown>((part, name) => (part as Record<string, unknown>)[name.replaceAll("~1", "/")], document);

describe("openapi.json", () => {
  const Document = z.object({
    openapi: z.literal("3.1.0"),
    paths: z.record(
      z.string(),
      z.record(
        z.string(),
        z.object({
          summary: z.string(),
          parameters: z.array(z.object({ name: z.string(), in: z.string(), schema: z.looseObject({}) })),
          requestBody: z
            .object({ content: z.object({ "application/json": z.object({ schema: z.looseObject({}) }) }) })
            .optional(),
          responses: z.record(z.string(), z.object({ description: z.string() })),
        }),
      ),
    ),
  });

  it("has every route that is served, and no other", async () => {
    const { paths } = Document.parse(await fetched("/openapi.json"));
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    const routes = createRoutes(api.dependencies, createExecute(api.services.idempotency));
    expect(documented.sort()).toEqual(
      routes.map(({ row: { method, path } }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`).sort(),
    );
    for (const one of documented) {
      const [method = "", path = ""] = one.split(" ");
      const answer = await api.fetch(path.replace(/\{\w+\}/g, "x"), { method: method.toUpperCase() });
      expect([one, answer.body?.error?.message]).not.toEqual([one, "there is nothing at this path"]);
    }
  });

  it("has the calls of the contract", async () => {
    const { paths } = Document.parse(await fetched("/openapi.json"));
    const calls = `post /api/v1/progress, post /api/v1/quizzes, get /api/v1/dashboard/{userId}, post /api/v1/run-sessions,
      post /api/v1/run-results/{sessionId}, post /api/v1/notifications, post /api/v1/system, post /api/v1/data-updates,
      post /api/v1/rooms/{room}/messages, get /api/v1/study-time/{userId}, get /api/v1/study-time/{userId}/{courseId},
      get /api/v1/channels/{kind}/{id}/events, post /api/v1/batch, post /api/v1/disconnect, get /api/ws/status,
      post /api/ws/broadcast, post /api/ws/send, put /api/v1/topics, get /healthz, get /readyz, get /metrics, get /docs,
      get /asyncapi.json, get /openapi.json`;
    for (const call of calls.split(/,\s+/)) {
      const [method = "", path = ""] = call.split(" ");
      expect([call, paths[path]?.[method]?.summary]).toEqual([call, expect.any(String)]);
    }
  });

  it("describes bodies, parameters, answers and refusals", async () => {
    const { paths } = Document.parse(await fetched("/openapi.json"));
    const quiz = paths["/api/v1/quizzes"]?.["post"];
    expect(quiz?.requestBody?.content["application/json"].schema["required"]).toEqual([
      "user_id",
      "topic_id",
      "chapter_id",
      "score",
      "total_questions",
    ]);
    expect(Object.keys(quiz?.responses ?? {}).sort()).toEqual([
      "201",
      "400",
      "401",
      "403",
      "404",
      "409",
      "413",
      "429",
      "503",
    ]);
    expect(quiz?.parameters.map(({ name }) => name)).toEqual(["Idempotency-Key"]);
    const read = paths["/api/v1/channels/{kind}/{id}/events"]?.["get"];
    expect(read?.parameters.map(({ name, in: place }) => `${place} ${name}`)).toEqual([
      "path kind",
      "path id",
      "query since",
      "query limit",
    ]);
  });

  it("refers to nothing that is not there", async () => {
    const document = await fetched("/openapi.json");
    expect(references(document).length).toBeGreaterThan(10);
    for (const reference of references(document)) expect(resolve(document, reference)).toBeDefined();
  });
});

describe("asyncapi.json", () => {
  it.each(NAMESPACES.map((rows) => [rows.name, rows] as const))(
    "has every event of %s, both ways",
    async (name, rows) => {
      const document = await fetched("/asyncapi.json");
      const messages = resolve(document, `#/channels/${name.slice(1)}/messages`) as Record<string, object>;
      const server = Object.keys(rows.server).map((event) => `server.${event}`);
      const client = Object.keys(rows.client).flatMap((event) => [`client.${event}`, `client.${event}.ack`]);
      expect(Object.keys(messages).sort()).toEqual([...server, ...client].sort());
      for (const message of Object.values(messages))
        expect(message).toMatchObject({ examples: [{ payload: expect.any(Array) }] });
    },
  );

  it("shows arguments and acks as they go over the wire", async () => {
    const document = await fetched("/asyncapi.json");
    const message = (name: string) => resolve(document, `#/channels/${name}`);
    expect(message("dashboard/messages/server.quiz_completed")).toMatchObject({
      name: "quiz_completed",
      payload: {
        prefixItems: [{ required: expect.arrayContaining(["quiz_id"]) }, { required: ["channel", "offset", "id"] }],
      },
      examples: [{ payload: [quizExample, { channel: "dashboard/123", offset: 42, id: expect.any(String) }] }],
    });
    expect(message("channels/messages/client.heartbeat")).toMatchObject({ payload: { prefixItems: [], maxItems: 0 } });
    expect(message("channels/messages/client.subscribe.ack")).toMatchObject({
      payload: { prefixItems: [{ anyOf: expect.any(Array) }] },
    });
    for (const reference of references(document)) expect(resolve(document, reference)).toBeDefined();
  });
});

describe("the page", () => {
  it("shows every call and every event, and loads nothing", async () => {
    const { text, headers } = await api.get("/docs", { as: null });
    expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-/);
    for (const shown of [
      "POST /api/v1/progress",
      "GET /readyz",
      "server → quiz_completed",
      "client → join_room (ack)",
      // Examples of a body, an answer, an event and an ack.
      JSON.stringify(API.pushRunResult.example.body, undefined, 1),
      JSON.stringify(API.pushRunResult.example.answer, undefined, 1),
      '"order_id": "o-9"',
      '"members": 24',
    ].map((part) => part.replaceAll('"', "&quot;").replace(/\n\s*/g, " "))) {
      expect(text).toContain(shown);
    }
    expect(text).not.toMatch(/<script|<link|https?:|src=/);
  });
});
