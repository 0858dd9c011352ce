// Health and figures: what machines ask, and what they are told when something is down.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { describe, expect, it, onTestFinished } from "vitest";
import { createRedisCluster } from "../../src/cluster/redis/redis-cluster.ts";
import { createHttp } from "../../src/http/http.ts";
import { createMetrics } from "../../src/http/metrics.ts";
import { eventually } from "../support/eventually.ts";
import { startRedis } from "../support/redis.ts";
import { type Api, type ApiOptions, startApi, TOKENS } from "./api.ts";

async function start(options: ApiOptions = {}): Promise<Api> {
  const api = await startApi(options);
  onTestFinished(() => api.close());
  return api;
}
const open = { as: null } as const;

describe("health", () => {
  it("is alive and ready, and says so to anyone", async () => {
    const api = await start();
    expect((await api.get("/healthz", open)).body).toEqual({ status: "ok" });
    const ready = await api.get("/readyz", open);
    expect([ready.status, ready.body]).toEqual([200, { ready: true, database: "up", draining: false }]);
  });

  it("is alive but not ready while it drains", async () => {
    const api = await start({ draining: () => true });
    expect((await api.get("/healthz", open)).status).toBe(200);
    const ready = await api.get("/readyz", open);
    expect([ready.status, ready.body]).toEqual([503, { ready: false, database: "up", draining: true }]);
  });

  it("names the database when that is away", async () => {
    const api = await startApi();
    await api.store.close();
    onTestFinished(() => api.close());
    const ready = await api.get("/readyz", open);
    expect([ready.status, ready.body]).toEqual([503, { ready: false, database: "down", draining: false }]);
  });

  it("names Redis when that is away, and again when it is back", async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const cluster = createRedisCluster({ url: redis.url, prefix: "classwire" });
    onTestFinished(() => cluster.close());
    await cluster.ready();
    const api = await start({ adjust: (dependencies) => ({ ...dependencies, cluster }) });
    const answers = async (status: number, body: object) => {
      const ready = await api.get("/readyz", open);
      expect([ready.status, ready.body]).toEqual([status, { ...body, database: "up", draining: false }]);
      return true;
    };
    await eventually(() => answers(200, { ready: true, redis: "up" }));
    await redis.stop();
    await eventually(() => answers(503, { ready: false, redis: "down" }));
    await redis.restart();
    await eventually(() => answers(200, { ready: true, redis: "up" }), { timeoutMs: 20_000 });
  });
});

describe("figures", () => {
  it("are open on the loopback address, unless a proxy stands there for somebody else", async () => {
    const api = await start();
    const answer = await api.get("/metrics", open);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      200,
      "text/plain; version=0.0.4; charset=utf-8",
    ]);
    for (const header of ["X-Forwarded-For", "Forwarded"]) {
      const forwarded = { headers: { [header]: "for=192.0.2.1" } };
      expect((await api.get("/metrics", { ...open, ...forwarded })).status).toBe(401);
      expect((await api.get("/metrics", { as: TOKENS.user("1"), ...forwarded })).status).toBe(403);
      expect((await api.get("/metrics", { as: TOKENS.service, ...forwarded })).status).toBe(200);
    }
  });

  it("are not open on other addresses", async () => {
    const api = await start();
    const server = createServer(createHttp(api.dependencies));
    await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const outside = Object.values(networkInterfaces())
      .flat()
      .filter((one) => one?.family === "IPv4" && !one.internal);
    for (const one of outside) {
      const response = await fetch(`http://${one?.address}:${port}/metrics`);
      await response.arrayBuffer();
      expect(response.status).toBe(401);
    }
    expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(200);
  });

  it("count what the parts tell them, and ask for the rest when they are read", async () => {
    let redis: "up" | "down" = "up";
    const metrics = createMetrics({
      connections: () => [
        { namespace: "/channels", transport: "websocket", connections: 2 },
        { namespace: "/channels", transport: "gateway", connections: 1 },
      ],
      redis: () => redis,
    });
    metrics.eventsAppended("rooms", 3);
    metrics.eventsAppended("rooms");
    metrics.delivered("/channels", 10);
    metrics.refused("RATE_LIMIT");
    metrics.malformedFrame("gateway");
    metrics.droppedMessage();
    metrics.http({ method: "GET", route: "/healthz", status: 200, seconds: 0.002 });
    const text = await metrics.text();
    for (const line of [
      'classwire_events_appended_total{kind="rooms"} 4',
      'classwire_deliveries_total{namespace="/channels"} 10',
      'classwire_refused_attempts_total{code="RATE_LIMIT"} 1',
      'classwire_malformed_frames_total{source="gateway"} 1',
      'classwire_connections{namespace="/channels",transport="websocket"} 2',
      'classwire_connections{namespace="/channels",transport="gateway"} 1',
      'classwire_http_request_seconds_count{method="GET",route="/healthz",status="200"} 1',
      "classwire_redis_dropped_messages_total 1",
      "classwire_redis_up 1",
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    expect(text).toContain("nodejs_eventloop_lag_seconds");
    redis = "down";
    expect(await metrics.text()).toContain("classwire_redis_up 0\n");
  });

  it("name routes by their pattern, so that no caller can make new ones", async () => {
    const api = await start();
    await api.get("/api/v1/study-time/somebody");
    await api.get("/api/v1/made-up");
    const { text } = await api.get("/metrics", open);
    expect(text).toContain('route="/api/v1/study-time/:userId",status="200"');
    expect(text).toContain('route="unknown",status="404"');
    expect(text).not.toMatch(/somebody|made-up/);
  });
});
