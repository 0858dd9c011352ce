// A rolling restart behind a proxy: one node after the other goes and comes back, and nobody misses anything.
import { once } from "node:events";
import { Agent, get } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningProxy, startProxy } from "../../scripts/cluster/proxy.mjs";
import { freePorts } from "../../scripts/free-ports.mjs";
import { startClasswire, type TestServer } from "../support/classwire.ts";
import { eventually } from "../support/eventually.ts";
import { type Redis, startRedis } from "../support/redis.ts";
import { createDatabase } from "../support/shared.ts";
import { type Fleet, launchFleet } from "./fleet.ts";
import { listen, listenRaw } from "./nodes.ts";

let redis: Redis;
let nodes: TestServer[];
let start: (port: number) => Promise<TestServer>;
let ports: number[];
let proxy: RunningProxy;
let fleet: Fleet;
beforeAll(async () => {
  redis = await startRedis();
  const env = { REDIS_URL: redis.url, DATABASE_URL: await createDatabase() };
  start = (port) => startClasswire({ ...env, PORT: String(port) });
  ports = await freePorts(3);
  nodes = await Promise.all(ports.map(start));
  proxy = await startProxy(nodes.map(({ url }) => url));
  fleet = await launchFleet(proxy.url, 60);
});
afterAll(async () => {
  fleet.close();
  await proxy.close();
  await Promise.all(nodes.map((node) => node.close()));
  await redis.stop();
});

describe("a rolling restart of three nodes", () => {
  it("loses nothing, and leaves no moment without a ready node", async () => {
    fleet.publish(50);
    const unready: number[] = [];
    const watch = setInterval(() => proxy.ready() === 0 && unready.push(Date.now()), 20);
    for (const [index, port] of ports.entries()) {
      const going = nodes[index];
      expect(going?.classwire.io.engine.clientsCount).toBeGreaterThan(0);
      going?.classwire.drain();
      await eventually(() => proxy.ready() === 2, { what: "the proxy seeing that the node is going" });
      expect(await (await fetch(`${proxy.url}/readyz`)).json()).toMatchObject({ ready: true });
      await going?.close();
      nodes[index] = await start(port);
      await eventually(() => proxy.ready() === 3 && fleet.connected() === 60, { what: "everybody being back" });
    }
    clearInterval(watch);
    expect(await fleet.finish()).toMatchObject({ missing: 0, disordered: 0 });
    expect(unready).toEqual([]);
    expect(fleet.slowestReturn()).toBeLessThan(10_000);
  });
});

describe("a node that stops", () => {
  it("tells once that a user has gone who does not come back, and nothing of one who does", async () => {
    const going = await start(0);
    const stays = await start(0);
    const watcher = await listen(stays, "/channels", "watcher");
    await watcher.ask("join_room", { room: "hall" });
    for (const user of ["leaves", "returns"]) {
      (await listenRaw(going, "/ws", user)).send({ type: "join_room", content: "hall" });
      await watcher.hears("presence", `"${user}"`);
    }
    const leaving = [...going.classwire.io.of("/channels").sockets.values()];
    const returned = Promise.all(
      leaving
        .filter(({ data }) => data.admission.user === "returns")
        .map((socket) => once(socket, "disconnect").then(() => listenRaw(stays, "/ws", "returns"))),
    );
    await going.close();
    const [back] = await returned;
    await watcher.hears("presence", '"left":["leaves"]');
    back?.send({ type: "room_message", content: { room: "hall", text: "here I am" } });
    await watcher.hears("room_message", "here I am");
    const gone = watcher.heard.flatMap(({ name, body }) => (name === "presence" ? body.left : []));
    expect(gone).toEqual(["leaves"]);
    await stays.close();
  });

  it("does not wait for a proxy that keeps asking on a connection that it keeps", async () => {
    const node = await start(0);
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    let [asked, over] = [0, false];
    const ask = (): void => {
      get(`${node.url}/readyz`, { agent }, (answer) => {
        asked++;
        answer.resume().once("end", () => over || setImmediate(ask));
      }).once("error", () => over || setTimeout(ask, 10));
    };
    for (let connection = 0; connection < 8; connection++) ask(); // so that some question is always on its way
    await eventually(() => asked > 3);
    const began = performance.now();
    await node.close();
    over = true;
    agent.destroy();
    expect(performance.now() - began).toBeLessThan(3000);
  });
});
