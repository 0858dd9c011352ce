// Operating: the calls about connections and kept events, batches, and what machines ask of a node.
import { z } from "zod";
import { calls } from "./calls.ts";
import { CHANNEL_KINDS } from "./channel-names.ts";
import { userId } from "./ids.ts";
import { json } from "./json.ts";
import { accepted } from "./publishing.ts";

const digits = z.string("must be given once").regex(/^\d+$/, "must be a whole number").transform(Number);

/** `GET /api/v1/channels/:kind/:id/events`; `limit` at most 1 000. */
export const eventsQuery = z.object({
  since: digits.pipe(z.int()).default(0),
  limit: digits.pipe(z.int().min(1).max(1000)).default(100),
});

/** `POST /api/v1/disconnect` */
export const disconnectBody = z.object({ userId });

/** `POST /api/v1/revocations`: one token, or all of a user. */
export const revocationBody = z.union(
  [z.strictObject({ userId }), z.strictObject({ tokenId: z.string().min(1).max(256) })],
  "must be exactly one of {userId} and {tokenId}",
);

/** `POST /api/v1/batch`: up to 1 000 POSTs of this API, answered in order. */
export const batchBody = z.object({
  items: z
    .array(z.object({ path: z.string().max(512), body: json, idempotencyKey: z.string().min(1).max(255).optional() }))
    .max(1000),
});

/** The `Idempotency-Key` header. */
export const idempotencyKey = z.string().min(1).max(255);

/** A page of a channel's kept events. `timestamp` is epoch milliseconds. */
export const eventsPage = z.object({
  events: z.array(
    z.object({
      offset: z.int(),
      id: z.string(),
      event: z.string(),
      data: z.record(z.string(), z.unknown()),
      timestamp: z.number(),
    }),
  ),
  epoch: z.string(),
  oldest: z.int(),
  head: z.int(),
});

const state = z.enum(["up", "down"]);
const document = z.record(z.string(), z.unknown());

/** The calls about connections, kept events and many calls at once. */
export const connectionCalls = calls({
  listEvents: {
    method: "get",
    path: "/api/v1/channels/:kind/:id/events",
    tag: "Channels",
    summary:
      "Kept events of a channel after an offset, fewer than asked for where they are large: ask again up to head. Also for whoever may subscribe to it",
    access: "signed-in",
    params: z.object({ kind: z.enum(CHANNEL_KINDS), id: z.string() }),
    query: eventsQuery,
    answer: { status: 200, description: "In order; timestamps are epoch milliseconds", schema: eventsPage },
    fails: ["FORBIDDEN"],
    example: {
      params: { kind: "notifications", id: "123" },
      query: { since: "41", limit: "100" },
      answer: {
        events: [
          {
            offset: 42,
            id: "01JFZK4T",
            event: "notifications",
            data: { title: "Access", message: "A parent asks for access" },
            timestamp: 1_766_729_130_000,
          },
        ],
        epoch: "7f3a9c52d1e84b06",
        oldest: 1,
        head: 42,
      },
    },
  },
  getStatus: {
    method: "get",
    path: "/api/ws/status",
    tag: "Connections",
    summary: "Connections and users in /channels, over all nodes",
    access: "network",
    answer: {
      status: 200,
      description: "online_count counts connections, those of guests too; online_users names each user once, sorted",
      schema: z.object({ online_count: z.int(), online_users: z.array(z.string()) }),
    },
    example: { answer: { online_count: 3, online_users: ["123", "456"] } },
  },
  disconnectUser: {
    method: "post",
    path: "/api/v1/disconnect",
    tag: "Connections",
    summary: "Ends every connection of a user, on every node. With a valid token the user may come back",
    access: "backend",
    body: disconnectBody,
    answer: { status: 202, description: "Accepted", schema: accepted },
    example: { body: { userId: "123" }, answer: { accepted: true } },
  },
  revoke: {
    method: "post",
    path: "/api/v1/revocations",
    tag: "Connections",
    summary:
      "Makes a token void by its jti, or all tokens of a user that were issued before now, and ends the user's connections",
    access: "backend",
    body: revocationBody,
    answer: {
      status: 201,
      description: "Committed. before (epoch milliseconds): tokens of the user issued from then on are good",
      schema: z.object({ before: z.number() }),
    },
    example: { body: { userId: "123" }, answer: { before: 1_766_729_130_000 } },
  },
  batch: {
    method: "post",
    path: "/api/v1/batch",
    tag: "Batch",
    summary:
      "Up to 1 000 POSTs of this API in one call, committed together where they can be; one that fails, fails alone",
    access: "backend",
    body: batchBody,
    answer: {
      status: 200,
      description: "What each call is answered with, in order",
      schema: z.object({ results: z.array(z.object({ status: z.int(), body: z.unknown() })) }),
    },
    example: {
      body: { items: [{ path: "/api/v1/disconnect", body: { userId: "123" }, idempotencyKey: "order-9" }] },
      answer: { results: [{ status: 202, body: { accepted: true } }] },
    },
  },
});

/** The calls of machines that look after a node, and its documentation. */
export const operationCalls = calls({
  getHealth: {
    method: "get",
    path: "/healthz",
    tag: "Health",
    summary: "Whether the process is alive",
    access: "anyone",
    answer: { status: 200, description: "It is", schema: z.object({ status: z.literal("ok") }) },
    example: { answer: { status: "ok" } },
  },
  getReadiness: {
    method: "get",
    path: "/readyz",
    tag: "Health",
    summary: "Whether this node should get connections and calls",
    access: "anyone",
    answer: {
      status: 200,
      description: "It should",
      schema: z.object({ ready: z.boolean(), database: state, redis: state.optional(), draining: z.boolean() }),
      also: { 503: "The database or Redis is down, or the node is draining" },
    },
    example: { answer: { ready: true, database: "up", redis: "up", draining: false } },
  },
  getMetrics: {
    method: "get",
    path: "/metrics",
    tag: "Health",
    summary: "Figures for Prometheus",
    access: "loopback",
    answer: {
      status: 200,
      description: "Text format",
      schema: z.string(),
      type: "text/plain; version=0.0.4; charset=utf-8",
    },
    example: { answer: "classwire_redis_up 1\n" },
  },
  getOpenApi: {
    method: "get",
    path: "/openapi.json",
    tag: "Documentation",
    summary: "This API as OpenAPI 3.1",
    access: "anyone",
    answer: { status: 200, description: "An OpenAPI document", schema: document },
    example: { answer: { openapi: "3.1.0" } },
  },
  getAsyncApi: {
    method: "get",
    path: "/asyncapi.json",
    tag: "Documentation",
    summary: "The Socket.IO namespaces as AsyncAPI 3.0",
    access: "anyone",
    answer: { status: 200, description: "An AsyncAPI document", schema: document },
    example: { answer: { asyncapi: "3.0.0" } },
  },
  getDocs: {
    method: "get",
    path: "/docs",
    tag: "Documentation",
    summary: "Both as a page to read",
    access: "anyone",
    answer: { status: 200, description: "HTML", schema: z.string(), type: "text/html; charset=utf-8" },
    example: { answer: "<!doctype html>" },
  },
});
