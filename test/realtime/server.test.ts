// The guards of Socket.IO's own transports: a polling client waits for its turn as one with a WebSocket does.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { AdmissionQueue } from "../../src/connection/admission-queue.ts";
import { createUnsentBudget } from "../../src/connection/unsent-budget.ts";
import {
  attachEngine,
  createRealtimeServer,
  guardConnections,
  type RealtimeOptions,
} from "../../src/realtime/server.ts";
import { eventually } from "../support/eventually.ts";

async function start(queue: AdmissionQueue, capacity: RealtimeOptions["capacity"] = () => "ok"): Promise<string> {
  const options: RealtimeOptions = {
    transports: ["websocket", "polling"],
    keepAlive: { pingIntervalMs: 30_000, pongTimeoutMs: 30_000 },
    joinWithinMs: 5000,
    defaultNamespace: "closed",
    messages: { name: "messages", what: "messages", points: 50, seconds: 1, burst: 100, whose: "connection" },
    maxMessageBytes: 65_536,
    maxBufferedBytes: 65_536,
    unsent: createUnsentBudget(65_536),
    allowsOrigin: () => true,
    allowsHost: () => true,
    capacity,
    queue,
  };
  const io = createRealtimeServer(options);
  const http = createServer();
  attachEngine(io, http, options);
  guardConnections(io, options);
  await new Promise<void>((listening) => http.listen(0, "127.0.0.1", listening));
  onTestFinished(async () => {
    await io.close();
    http.closeAllConnections();
    http.close();
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/socket.io/?EIO=4&transport=polling`;
}

it("a handshake over polling waits for its turn, and is refused with 503 and Retry-After where too many do", async () => {
  const queue = new AdmissionQueue(1);
  let isFull = true;
  const fill = (): void => void (isFull && queue.add(fill));
  fill();
  const url = await start(queue);
  const refused = await fetch(url);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(await refused.json()).toEqual({ error: "the node is busy" });
  isFull = false;
  await eventually(() => queue.waiting === 0);
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  const { sid } = JSON.parse((await answer.text()).slice(1));
  isFull = true;
  fill();
  expect((await fetch(`${url}&sid=${sid}`, { method: "POST", body: "40" })).status).toBe(200); // who is in is in
  isFull = false;
});

it("a node that has become full meanwhile refuses the handshake when its turn comes", async () => {
  let asked = 0;
  const url = await start(new AdmissionQueue(10), () => (asked++ === 0 ? "ok" : "full"));
  const refused = await fetch(url);
  expect(refused.status).toBe(503);
  expect(await refused.json()).toEqual({ error: "the node is full" });
});
